/**
 * A resource of a device in the ACPI namespace, an element of its `_CRS` (ACPI 6.5, section 6.4).
 *
 * @experimental
 */
export type AcpiResource =
  | {
      /** I/O ports, decoded with all 16 address bits. */
      readonly kind: 'io';
      /** First port. */
      readonly base: number;
      /** Number of ports, 1 to 255. */
      readonly size: number;
    }
  | {
      /** Guest-physical addresses of registers. */
      readonly kind: 'memory';
      /** First address. */
      readonly base: number;
      /** Size in bytes. */
      readonly size: number;
    }
  | {
      /** An interrupt. */
      readonly kind: 'interrupt';
      /** Global system interrupt; on a PC the first 16 are those of ISA. */
      readonly number: number;
      /** How it is signalled. */
      readonly trigger: 'level' | 'edge';
      /** Absent: `high`. */
      readonly polarity?: 'high' | 'low';
      /** Whether other devices may have it too. Absent: no. */
      readonly shared?: boolean;
    }
  | {
      /** Buses behind a bridge. */
      readonly kind: 'bus-window';
      /** Number of the first bus. */
      readonly first: number;
      /** Number of the last bus. */
      readonly last: number;
    }
  | {
      /** I/O ports or addresses that a bridge passes on to the devices behind it. */
      readonly kind: 'io-window' | 'memory-window';
      /** The first port or address. */
      readonly base: number;
      /** Number of ports or bytes. */
      readonly size: number;
      /** Of memory: reads have no side effects. Absent: they may have. */
      readonly prefetchable?: boolean;
    };

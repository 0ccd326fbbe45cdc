import type { AcpiResource } from './acpi-resource.js';

/**
 * A value in the ACPI namespace: an integer of up to 64 bits, a string, a buffer, a package of values, the compressed
 * form of an EISA identifier such as `PNP0501`, the name of another object, or a resource template.
 *
 * @experimental
 */
export type AcpiValue =
  | number
  | bigint
  | string
  | Uint8Array
  | readonly AcpiValue[]
  | {
      /** An EISA identifier: three letters and four hexadecimal digits. */
      readonly eisaId: string;
    }
  | AcpiPath
  | {
      /** The resources of a template. */
      readonly resources: readonly AcpiResource[];
    };

/**
 * The name of an object in the ACPI namespace.
 *
 * @experimental
 */
export interface AcpiPath {
  /** Absolute (`\_SB.PCI0`), relative to a parent (`^PCI0`), or a name that is looked for upwards. */
  readonly path: string;
}

/**
 * An operator of an expression in a method (ACPI 6.5, section 20.2.5.4).
 *
 * @experimental
 */
export type AmlOperator =
  | 'add'
  | 'subtract'
  | 'and'
  | 'or'
  | 'xor'
  | 'not'
  | 'shift-left'
  | 'shift-right'
  | 'equal'
  | 'less'
  | 'greater'
  | 'logical-and'
  | 'logical-or'
  | 'logical-not'
  | 'index'
  | 'dereference'
  | 'size-of';

/**
 * An expression in a method. `{ path }` reads the object; a method without arguments is called by its path too.
 *
 * @experimental
 */
export type AmlExpression =
  | AcpiValue
  | AmlVariable
  | {
      /** Path of a method. */
      readonly call: string;
      /** Its arguments. */
      readonly with: readonly AmlExpression[];
    }
  | {
      /** An operator. */
      readonly operator: AmlOperator;
      /** Its operands, as many as it has. */
      readonly of: readonly AmlExpression[];
    };

/**
 * Where a statement stores a value: an object, a local variable, or an argument.
 *
 * @experimental
 */
export type AmlTarget = AcpiPath | AmlVariable;

/**
 * A variable of a method.
 *
 * @experimental
 */
export type AmlVariable =
  | {
      /** An argument of the method, 0 to 6. */
      readonly argument: number;
    }
  | {
      /** A local variable of the method, 0 to 7. */
      readonly local: number;
    };

/**
 * A statement of a method.
 *
 * @experimental
 */
export type AmlStatement =
  | {
      /** Ends the method with a value. */
      readonly return: AmlExpression;
    }
  | {
      /** Assigns a value. */
      readonly store: AmlExpression;
      /** Where it goes. */
      readonly to: AmlTarget;
    }
  | {
      /** A condition: not zero is true. */
      readonly if: AmlExpression;
      /** When it is true. */
      readonly then: readonly AmlStatement[];
      /** When it is false. */
      readonly else?: readonly AmlStatement[];
    }
  | {
      /** Path of the device that the operating system is told about. */
      readonly notify: string;
      /** The notification (ACPI 6.5, section 5.6.6). */
      readonly value: AmlExpression;
    }
  | {
      /** Calls a method or evaluates an expression for its effect. */
      readonly evaluate: AmlExpression;
    };

/**
 * A control method.
 *
 * @experimental
 */
export interface AcpiMethod {
  /** Name, 1 to 4 characters. */
  readonly name: string;
  /** Number of arguments, 0 to 7. Absent: none. */
  readonly arguments?: number;
  /** Whether calls wait for each other; needed by methods that create objects or whose effects must not mix. */
  readonly serialized?: boolean;
  /** The statements, in order. */
  readonly body: readonly AmlStatement[];
}

/**
 * An operation region with named fields, through which methods access registers (ACPI 6.5, section 19.6.100).
 *
 * @experimental
 */
export interface AcpiRegion {
  /** Name, 1 to 4 characters. */
  readonly name: string;
  /** The address space. */
  readonly space: 'memory' | 'io' | 'pci-configuration';
  /** First address, port, or offset. */
  readonly base: number;
  /** Size in bytes. */
  readonly size: number;
  /** Width of accesses in bits. */
  readonly access: 8 | 16 | 32;
  /** The fields from bit 0 on; one without a name is a gap. */
  readonly fields: readonly AcpiField[];
}

/**
 * A field of an operation region.
 *
 * @experimental
 */
export interface AcpiField {
  /** Name, 1 to 4 characters. Absent: a gap. */
  readonly name?: string;
  /** Width in bits. */
  readonly bits: number;
}

/**
 * Objects of a scope in the ACPI namespace.
 *
 * @experimental
 */
export interface AcpiScope {
  /** Named values, such as `_HID`, `_UID`, `_CRS`, `_PRT`. */
  readonly values?: Readonly<Record<string, AcpiValue>>;
  /** Operation regions. */
  readonly regions?: readonly AcpiRegion[];
  /** Control methods. */
  readonly methods?: readonly AcpiMethod[];
  /** Devices within it. */
  readonly devices?: readonly AcpiDevice[];
}

/**
 * A device in the ACPI namespace.
 *
 * @experimental
 */
export interface AcpiDevice extends AcpiScope {
  /** Name, 1 to 4 characters of `A` to `Z`, `0` to `9` and `_`, not beginning with a digit; unique in its scope. */
  readonly name: string;
}

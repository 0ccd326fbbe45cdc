import { hexadecimal } from '../text/hexadecimal.js';

/**
 * Description of one register of up to 32 bits: its offset, contents and the effect of an access. It is the single
 * source of dispatch, save and restore, and the table in the documentation.
 *
 * A register without `read` is stored: the block keeps its value. `write` replaces storing (for a command, such
 * as a write-one-to-clear); `changed` runs after storing.
 *
 * @typeParam Target - the device that the functions act on.
 * @stable
 */
export interface RegisterSpec<Target> {
  /** Bytes from the start of the range; a multiple of 4. */
  readonly offset: number;
  /** `wo` reads as zero; writes to `ro` are ignored. */
  readonly access: 'rw' | 'ro' | 'wo';
  /** One line for the documentation. */
  readonly description: string;
  /** Number of implemented bits, from bit 0; the others read as zero and ignore writes. Default 32. */
  readonly bits?: number;
  /** Value after reset of a stored register. Default 0. */
  readonly reset?: number;
  /** Computes the value instead of reading a stored one. */
  read?(target: Target): number;
  /** Performs a write instead of storing the value. Byte lanes outside the access are zero in `value`. */
  write?(target: Target, value: number): void;
  /** Called after a write has stored the value. Byte lanes outside the access keep their value. */
  changed?(target: Target, value: number, previous: number): void;
}

/**
 * The registers of one range, by name.
 *
 * @stable
 */
export type RegisterLayout<Target, Name extends string = string> = Readonly<Record<Name, RegisterSpec<Target>>>;

/**
 * The bits that a register implements, as a mask.
 *
 * @experimental
 */
export function registerMask(spec: { readonly bits?: number }): number {
  const bits = spec.bits ?? 32;
  return bits === 32 ? 0xffff_ffff : 2 ** bits - 1;
}

/**
 * Whether the block keeps a value for the register.
 *
 * @experimental
 */
export function isStored<Target>(spec: RegisterSpec<Target>): boolean {
  return spec.read === undefined && spec.access !== 'wo';
}

/**
 * The layout as a Markdown table (offset, name, access, bits, reset, description), ordered by offset.
 *
 * @stable
 */
export function registersToMarkdown<Target>(layout: RegisterLayout<Target>): string {
  const rows = Object.entries(layout).sort(([, a], [, b]) => a.offset - b.offset);
  return [
    '| Offset | Name | Access | Bits | Reset | Description |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map(([name, spec]) => markdownRow(name, spec)),
  ].join('\n');
}

function markdownRow<Target>(name: string, spec: RegisterSpec<Target>): string {
  const reset = isStored(spec) ? hexadecimal(spec.reset ?? 0) : '–';
  return `| ${hexadecimal(spec.offset, 3)} | ${name} | ${spec.access.toUpperCase()} | ${spec.bits ?? 32} | ${reset} | ${spec.description} |`;
}

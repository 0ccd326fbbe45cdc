import type { AccessWidth } from '@qvm/core/vdev';

/** One field of a structure in a BAR (VirtIO 1.2, section 4.1.3.1): accessed with its own width only. */
export interface FieldSpec<Target> {
  /** From the start of the structure. */
  readonly offset: number;
  readonly width: AccessWidth;
  readonly access: 'ro' | 'rw';
  /** One line for the documentation. */
  readonly description: string;
  read(target: Target): number;
  write?(target: Target, value: number): void;
}

/** The fields of a structure, by name. */
export type FieldLayout<Target> = Readonly<Record<string, FieldSpec<Target>>>;

/** A structure of fields, driven by their layout. Other accesses read as zero and have no effect. */
export class FieldBlock<Target> {
  readonly #target: Target;
  readonly #fields: ReadonlyMap<number, FieldSpec<Target>>;

  constructor(layout: FieldLayout<Target>, target: Target) {
    this.#target = target;
    this.#fields = new Map(Object.values(layout).map((field) => [field.offset, field]));
  }

  read(offset: number, width: AccessWidth): number {
    return this.#find(offset, width)?.read(this.#target) ?? 0;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    this.#find(offset, width)?.write?.(this.#target, value);
  }

  #find(offset: number, width: AccessWidth): FieldSpec<Target> | undefined {
    const field = this.#fields.get(offset);
    return field?.width === width ? field : undefined;
  }
}

/** The layout as a Markdown table, ordered by offset. */
export function fieldsToMarkdown<Target>(layout: FieldLayout<Target>): string {
  const fields = Object.entries(layout).sort(([, a], [, b]) => a.offset - b.offset);
  return [
    '| Offset | Name | Bytes | Access | Description |',
    '| --- | --- | --- | --- | --- |',
    ...fields.map(
      ([name, { offset, width, access, description }]) =>
        `| 0x${offset.toString(16).padStart(2, '0')} | ${name} | ${width} | ${access.toUpperCase()} | ${description} |`,
    ),
  ].join('\n');
}

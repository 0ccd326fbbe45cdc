import { parseAddress, parseSize, show } from '@qvm/core/options';
import type { ListDraft, LoadDraft, PairDraft, RegionDraft, VdevDraft, VmDraft } from '../draft.js';
import type { Located, SourceLocation } from '../location.js';
import type { CpuContext } from './cpu-context.js';
import type { LineReader } from './line-reader.js';
import type { PassContext } from './pass-context.js';
import type { ReserveContext } from './reserve-context.js';
import type { VdevContext } from './vdev-context.js';

/** QNX' name for a VM whose configuration does not name it. */
const UNNAMED = 'qvm-guest';

type Field =
  'name' | 'arch' | 'board' | 'cpumodel' | 'image' | 'entry' | 'dtb' | 'initrd' | 'cmdline' | 'dump' | 'restart';

/** Collects the contents of the words. */
export class LineDraft {
  readonly cpus: CpuContext[] = [];
  readonly reserves: ReserveContext[] = [];
  readonly logger: Located<string>[] = [];
  readonly unsupported: PairDraft[] = [];
  readonly set: PairDraft[] = [];
  dryrun: Located<boolean> | undefined;
  private readonly fields: Partial<Record<Field, Located<string>>> = {};
  private readonly devices: (VdevContext | PassContext)[] = [];
  private readonly regions: RegionDraft[] = [];
  private readonly loads: { readonly load: LoadDraft; readonly regionsBefore: number }[] = [];

  constructor(private readonly reader: LineReader) {}

  /** Sets a field that a VM has once; the last value has effect. */
  assign(field: Field, value: Located<string>): void {
    const earlier = this.fields[field];
    if (earlier !== undefined) {
      const message = `a later word counts in place of ${show(earlier.value)}`;
      this.reader.findings.info(earlier.at, 'config.repeated-word', message);
    }
    this.fields[field] = value;
  }

  get hasImage(): boolean {
    return this.fields.image !== undefined;
  }

  addDevice(device: VdevContext | PassContext): void {
    this.devices.push(device);
  }

  addRegion(region: RegionDraft): void {
    this.regions.push(region);
  }

  addLoad(load: LoadDraft): void {
    this.loads.push({ load, regionsBefore: this.regions.length });
  }

  finish(): VmDraft {
    const at = this.reader.lines.at(0);
    this.checkOrder();
    const vdevs = this.devices.flatMap((device): VdevDraft[] =>
      'finish' in device ? device.finish() : [device.draft],
    );
    const reserves = this.reserves.flatMap(({ drafts }) => drafts);
    const { name = this.defaultName(), ...fields } = this.fields;
    return {
      at,
      name,
      ...fields,
      cpu: listOf(this.cpus.map(({ draft }) => draft)),
      ramAt: this.regions.find(({ kind }) => kind === 'ram')?.at,
      romAt: this.regions.find(({ kind }) => kind === 'rom')?.at,
      regions: this.regions,
      load: listOf(this.loads.map(({ load }) => load)),
      reserve: listOf(reserves),
      logger: listOf(this.logger),
      unsupported: listOf(this.unsupported.map((pair) => ({ ...pair, at: pair.name.at }))),
      set: listOf(this.set.map((pair) => ({ ...pair, at: pair.name.at }))),
      dryrun: this.dryrun,
      vdev: listOf(vdevs),
    };
  }

  /** A whole VM always has a name; a file with options only is a fragment and has none. */
  private defaultName(): Located<string> | undefined {
    const isWhole = this.regions.length !== 0 || this.hasImage;
    return isWhole ? { value: UNNAMED, at: this.reader.lines.at(0) } : undefined;
  }

  /** Memory must be declared before it is filled. */
  private checkOrder(): void {
    for (const { load, regionsBefore } of this.loads) {
      const address = load.address === undefined ? undefined : numberOf(load.address, parseAddress);
      if (address === undefined) continue;
      const index = this.regions.findIndex((region) => contains(region, address));
      if (index < regionsBefore) continue;
      const at = this.regions[index]?.at ?? load.at;
      const message = 'the memory that this fills is described later';
      this.reader.findings.error(load.at, 'config.order', message, `move it after line ${at.line}`);
    }
  }
}

function listOf<T extends { readonly at: SourceLocation }>(items: readonly T[]): ListDraft<T> | undefined {
  const [first] = items;
  return first === undefined ? undefined : { at: first.at, items };
}

function contains({ base, size }: RegionDraft, address: number): boolean {
  const start = base === undefined ? undefined : numberOf(base, parseAddress);
  const length = size === undefined ? undefined : numberOf(size, parseSize);
  return start !== undefined && length !== undefined && address >= start && address - start < length;
}

function numberOf(
  { value }: Located<string | number>,
  parse: typeof parseAddress | typeof parseSize,
): number | undefined {
  const result = parse(String(value));
  return result.ok ? result.value : undefined;
}

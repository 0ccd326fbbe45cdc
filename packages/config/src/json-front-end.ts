import type {
  CpuDraft,
  ListDraft,
  LoadDraft,
  PairDraft,
  RegionDraft,
  ReserveDraft,
  VdevDraft,
  VmDraft,
} from './draft.js';
import type { FindingList } from './finding.js';
import { type JsonNode, type JsonObject, unitOffsets } from './json-node.js';
import type { Located, LineIndex, SourceLocation } from './location.js';
import { splitOptions } from './option-syntax.js';

/** The draft of a JSON object whose shape has been checked; values of a wrong type are omitted. */
export function draftFromJson(root: JsonObject, reader: JsonDraft): VmDraft {
  return {
    at: reader.at(root),
    name: reader.text(root, 'name'),
    arch: reader.text(root, 'arch'),
    board: reader.text(root, 'board'),
    cpumodel: reader.text(root, 'cpumodel'),
    image: reader.text(root, 'image'),
    entry: reader.text(root, 'entry'),
    dtb: reader.text(root, 'dtb'),
    initrd: reader.text(root, 'initrd'),
    cmdline: reader.text(root, 'cmdline'),
    cpus: reader.number(root, 'cpus'),
    cpulist: reader.text(root, 'cpulist'),
    priority: reader.number(root, 'priority'),
    cpu: reader.list(root, 'cpu', (node) => reader.cpu(node)),
    ramAt: reader.place(root, 'ram'),
    romAt: reader.place(root, 'rom'),
    regions: [
      ...reader.objects(root, 'ram').map((node) => reader.region('ram', node)),
      ...reader.objects(root, 'rom').map((node) => reader.region('rom', node)),
    ],
    load: reader.list(root, 'load', (node) => reader.load(node)),
    reserve: reader.list(root, 'reserve', (node) => reader.reserve(node)),
    logger: reader.texts(root, 'logger'),
    unsupported: reader.pairs(root, 'unsupported'),
    dump: reader.text(root, 'dump'),
    set: reader.pairs(root, 'set'),
    restart: reader.text(root, 'restart'),
    dryrun: reader.boolean(root, 'dryrun'),
    vdev: reader.list(root, 'vdev', (node) => reader.vdev(node)),
  };
}

/** Reads members of JSON objects with their locations. */
export class JsonDraft {
  constructor(
    private readonly source: string,
    private readonly lines: LineIndex,
    private readonly findings: FindingList,
  ) {}

  at(node: JsonNode): SourceLocation {
    return this.lines.at(node.start);
  }

  place(owner: JsonObject, key: string): SourceLocation | undefined {
    const member = owner.members.get(key);
    return member === undefined ? undefined : this.lines.at(member.value.start);
  }

  text(owner: JsonObject, key: string): Located<string> | undefined {
    const node = owner.members.get(key)?.value;
    return node?.kind === 'string' ? { value: node.value, at: this.lines.at(node.start) } : undefined;
  }

  number(owner: JsonObject, key: string): Located<number> | undefined {
    const node = owner.members.get(key)?.value;
    return node?.kind === 'number' ? { value: node.value, at: this.lines.at(node.start) } : undefined;
  }

  objects(owner: JsonObject, key: string): JsonObject[] {
    const node = owner.members.get(key)?.value;
    return node?.kind === 'array' ? node.items.filter(isObject) : [];
  }

  boolean(owner: JsonObject, key: string): Located<boolean> | undefined {
    const node = owner.members.get(key)?.value;
    if (node?.kind !== 'literal' || node.value === undefined) return undefined;
    return { value: node.value, at: this.at(node) };
  }

  quantity(owner: JsonObject, key: string): Located<string | number> | undefined {
    return this.text(owner, key) ?? this.number(owner, key);
  }

  /** The texts in an array; a single text stands for an array with one element. */
  texts(owner: JsonObject, key: string): ListDraft<Located<string>> | undefined {
    const node = owner.members.get(key)?.value;
    if (node === undefined) return undefined;
    const nodes = node.kind === 'array' ? node.items : [node];
    const items = nodes.flatMap((item) => (item.kind === 'string' ? [{ value: item.value, at: this.at(item) }] : []));
    return { at: this.at(node), items };
  }

  list<T>(owner: JsonObject, key: string, read: (node: JsonObject) => T): ListDraft<T> | undefined {
    const at = this.place(owner, key);
    return at === undefined ? undefined : { at, items: this.objects(owner, key).map(read) };
  }

  /** The members of an object whose values are texts. */
  pairs(owner: JsonObject, key: string): ListDraft<PairDraft> | undefined {
    const node = owner.members.get(key)?.value;
    if (node?.kind !== 'object') return undefined;
    const items = [...node.members].flatMap(([name, { keyStart, value }]) => {
      if (value.kind !== 'string') return [];
      const where = this.lines.at(keyStart);
      return [{ name: { value: name, at: where }, value: { value: value.value, at: this.at(value) } }];
    });
    return { at: this.at(node), items };
  }

  region(kind: 'ram' | 'rom', node: JsonObject): RegionDraft {
    return { kind, at: this.at(node), base: this.quantity(node, 'base'), size: this.quantity(node, 'size') };
  }

  load(node: JsonObject): LoadDraft {
    return { at: this.at(node), address: this.quantity(node, 'address'), file: this.text(node, 'file') };
  }

  cpu(node: JsonObject): CpuDraft {
    return { at: this.at(node), runmask: this.text(node, 'runmask'), sched: this.text(node, 'sched') };
  }

  reserve(node: JsonObject): ReserveDraft {
    const base = this.quantity(node, 'base');
    return { at: this.at(node), base, size: this.quantity(node, 'size'), irq: this.number(node, 'irq') };
  }

  vdev(node: JsonObject): VdevDraft {
    const config = node.members.get('config')?.value;
    const known = config?.kind === 'string' ? config : undefined;
    const offsets = known === undefined ? undefined : unitOffsets(known, this.source);
    const locate = (index: number): SourceLocation => this.lines.at(offsets?.(index) ?? node.start);
    return {
      at: this.lines.at(node.start),
      type: this.text(node, 'type'),
      configAt: this.place(node, 'config'),
      options: known === undefined ? [] : splitOptions(known.value, locate, this.findings),
    };
  }
}

function isObject(node: JsonNode): node is JsonObject {
  return node.kind === 'object';
}

import type { RamDraft, VdevDraft, VmDraft } from './draft.js';
import type { FindingList } from './finding.js';
import { type JsonNode, type JsonObject, unitOffsets } from './json-node.js';
import type { Located, LineIndex, SourceLocation } from './location.js';
import { splitOptions } from './option-syntax.js';

/** The draft of a JSON document whose shape has been checked; values of the wrong type are left out. */
export function draftFromJson(root: JsonObject, text: string, lines: LineIndex, findings: FindingList): VmDraft {
  const reader = new JsonDraft(text, lines, findings);
  return {
    at: lines.at(root.start),
    name: reader.text(root, 'name'),
    arch: reader.text(root, 'arch'),
    image: reader.text(root, 'image'),
    dtb: reader.text(root, 'dtb'),
    initrd: reader.text(root, 'initrd'),
    cmdline: reader.text(root, 'cmdline'),
    cpus: reader.number(root, 'cpus'),
    cpulist: reader.text(root, 'cpulist'),
    priority: reader.number(root, 'priority'),
    ramAt: reader.place(root, 'ram'),
    ram: reader.objects(root, 'ram').map((node) => reader.ram(node)),
    vdevAt: reader.place(root, 'vdev'),
    vdevs: reader.objects(root, 'vdev').map((node) => reader.vdev(node)),
  };
}

class JsonDraft {
  constructor(
    private readonly source: string,
    private readonly lines: LineIndex,
    private readonly findings: FindingList,
  ) {}

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

  ram(node: JsonObject): RamDraft {
    const quantity = (key: string) => this.text(node, key) ?? this.number(node, key);
    return { at: this.lines.at(node.start), base: quantity('base'), size: quantity('size') };
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

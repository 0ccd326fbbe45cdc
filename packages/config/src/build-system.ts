import { parseSize, show } from '@qvm/core/options';
import type { BuildContext } from './build-context.js';
import { readInteger, readPath } from './build-fields.js';
import { buildFragment } from './build-spec.js';
import { buildVdev } from './build-vdev.js';
import { readCpulist } from './cpulist.js';
import type { FindingList } from './finding.js';
import { draftFromJson, type JsonDraft } from './json-front-end.js';
import type { JsonObject } from './json-node.js';
import { MAX_REGIONS, PAGE_SIZE, PRIORITY_RANGE } from './limits.js';
import type { Located } from './location.js';
import { NAME_PATTERN } from './names.js';
import { readQuantity } from './ram.js';
import { dropUndefined } from './record.js';
import type { HostSpec, SharedMemorySpec, SwitchSpec, SystemSpec, SystemVmSpec } from './system.js';

/** Reads a system file whose shape has been checked; reports all problems and omits invalid parts. */
export function buildSystem(root: JsonObject, reader: JsonDraft, context: BuildContext): SystemSpec {
  const host = root.members.get('host')?.value;
  const builder = new SystemBuilder(reader, context);
  return {
    host: host?.kind === 'object' ? builder.host(host) : { config: [], vdevs: [] },
    vms: builder.entries(root, 'vms', (node) => builder.vm(node)),
    switches: builder.entries(root, 'switches', (node) => builder.switch(node)),
    shmem: builder.entries(root, 'shmem', (node) => builder.sharedMemory(node)),
    baseDir: context.baseDir,
  };
}

class SystemBuilder {
  private readonly findings: FindingList;

  constructor(
    private readonly reader: JsonDraft,
    private readonly context: BuildContext,
  ) {
    this.findings = context.findings;
  }

  entries<T>(root: JsonObject, key: string, build: (node: JsonObject) => T | undefined): T[] {
    const nodes = this.reader.objects(root, key);
    if (nodes.length <= MAX_REGIONS) return nodes.flatMap((node) => build(node) ?? []);
    const message = `"${key}" has more than ${MAX_REGIONS} entries`;
    this.findings.error(this.reader.at(root), 'config.too-large', message);
    return [];
  }

  host(node: JsonObject): HostSpec {
    const { reader, findings } = this;
    const cpulist = reader.text(node, 'cpulist');
    const priority = reader.number(node, 'priority');
    const fields = dropUndefined({
      cpulist: cpulist?.at,
      priority: priority?.at,
      config: reader.place(node, 'config'),
      vdev: reader.place(node, 'vdev'),
    });
    return {
      config: this.paths(node),
      ...dropUndefined({
        cpulist: cpulist === undefined ? undefined : readCpulist(cpulist, findings),
        priority: priority === undefined ? undefined : readInteger('priority', priority, PRIORITY_RANGE, findings),
      }),
      vdevs: reader.objects(node, 'vdev').flatMap((vdev) => buildVdev(reader.vdev(vdev), this.context) ?? []),
      source: { at: reader.at(node), fields },
    };
  }

  vm(node: JsonObject): SystemVmSpec | undefined {
    const config = this.paths(node);
    const fragment = buildFragment(draftFromJson(node, this.reader), this.context);
    return fragment.name === undefined ? undefined : { name: fragment.name, config, fragment };
  }

  switch(node: JsonObject): SwitchSpec | undefined {
    const { reader } = this;
    const name = this.name(node);
    const capture = reader.text(node, 'capture');
    const vlans = reader.text(node, 'vlans');
    const fields = dropUndefined({
      capture: capture === undefined ? undefined : readPath(capture, this.context),
      vlans: vlans === undefined ? undefined : this.vlans(vlans),
    });
    return name === undefined ? undefined : { name, ...fields, at: reader.at(node) };
  }

  sharedMemory(node: JsonObject): SharedMemorySpec | undefined {
    const name = this.name(node);
    const size = this.reader.quantity(node, 'size');
    if (size === undefined) return undefined;
    const result = readQuantity(size.value, parseSize);
    if (!result.ok) this.findings.error(size.at, 'config.bad-size', result.message, result.hint);
    else if (result.value === 0 || result.value % PAGE_SIZE !== 0) {
      const message = `${show(String(size.value))} is no size of shared memory`;
      this.findings.error(size.at, 'config.unaligned', message, `it must be a multiple of ${PAGE_SIZE}`);
    } else if (name !== undefined) return { name, size: result.value, at: this.reader.at(node) };
    return undefined;
  }

  private name(node: JsonObject): string | undefined {
    const name = this.reader.text(node, 'name');
    if (name === undefined || NAME_PATTERN.test(name.value)) return name?.value;
    const hint = 'allowed are letters, digits, ".", "_" and "-"';
    this.findings.error(name.at, 'config.bad-name', `${show(name.value)} is not a name`, hint);
    return undefined;
  }

  private vlans(list: Located<string>): number[] | undefined {
    const numbers = list.value.split(',').map((part) => (/^ *[0-9]{1,4} *$/.test(part) ? Number(part) : NaN));
    // IEEE 802.1Q reserves 0 and 4095.
    if (numbers.every((number) => number >= 1 && number <= 4094)) return numbers;
    const hint = 'right would be "10,20", each from 1 to 4094';
    this.findings.error(list.at, 'config.bad-setting', `${show(list.value)} is no list of VLANs`, hint);
    return undefined;
  }

  private paths(node: JsonObject): string[] {
    return (this.reader.texts(node, 'config')?.items ?? []).flatMap((path) => readPath(path, this.context) ?? []);
  }
}

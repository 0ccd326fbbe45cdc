import type { BuildContext } from './build-context.js';
import { buildCpus } from './build-cpu.js';
import {
  readArch,
  readBoard,
  readCmdline,
  readCpuModel,
  readDump,
  readEntry,
  readName,
  readPath,
  readWord,
} from './build-fields.js';
import { buildLoad, buildLogger, buildReserve, buildSet, buildUnsupported } from './build-lists.js';
import { buildVdev } from './build-vdev.js';
import { checkCpulistLength } from './cpulist.js';
import type { ListDraft, VmDraft } from './draft.js';
import type { FindingList } from './finding.js';
import { MAX_REGIONS } from './limits.js';
import { type FieldSources, type Located, sourceOf } from './location.js';
import { ARCHITECTURES } from './names.js';
import { buildRegions } from './ram.js';
import { dropUndefined } from './record.js';
import type { VmField, VmFragment, VmSpec } from './spec.js';
import { RESTART_POLICIES } from './words.js';

/** Validates the draft of a front end and builds the specification; reports all problems and omits invalid parts. */
export function buildFragment(draft: VmDraft, context: BuildContext): VmFragment {
  const { findings } = context;
  const files = { image: draft.image, dtb: draft.dtb, initrd: draft.initrd };
  const fields = {
    name: read(draft.name, (name) => readName(name, findings)),
    arch: read(draft.arch, (arch) => readArch(arch, findings)),
    board: read(draft.board, (board) => readBoard(board, findings)),
    cpumodel: read(draft.cpumodel, (model) => readCpuModel(model, findings)),
    image: read(files.image, (path) => readPath(path, context)),
    entry: read(draft.entry, (entry) => readEntry(entry, findings)),
    dtb: read(files.dtb, (path) => readPath(path, context)),
    initrd: read(files.initrd, (path) => readPath(path, context)),
    cmdline: read(draft.cmdline, (cmdline) => readCmdline(cmdline, findings)),
    ...buildCpus(draft, findings),
    ...readRegions(draft, findings),
    load: all('load', draft.load, findings, (item) => buildLoad(item, context)),
    reserve: all('reserve', draft.reserve, findings, (item) => buildReserve(item, findings)),
    logger: all('logger', draft.logger, findings, (item) => buildLogger(item, findings)),
    unsupported: draft.unsupported === undefined ? undefined : buildUnsupported(draft.unsupported.items, findings),
    dump: read(draft.dump, (dump) => readDump(dump, context)),
    set: draft.set === undefined ? undefined : buildSet(draft.set, findings),
    restart: read(draft.restart, (word) => readWord('restart policy', word, RESTART_POLICIES, findings)),
    dryrun: draft.dryrun?.value === true ? true : undefined,
  };
  const vdevs = all('vdev', draft.vdev, findings, (vdev) => buildVdev(vdev, context)) ?? [];
  return { ...dropUndefined(fields), vdevs, baseDir: context.baseDir, source: sourcesOf(draft) };
}

/** Reports the fields that a fragment lacks to be a whole VM. Invalid fields have been reported already. */
export function reportMissing({ source, ...fragment }: VmFragment, findings: FindingList): void {
  for (const key of ['name', 'ram'] as const) {
    if (fragment[key] !== undefined || source?.fields[key] !== undefined) continue;
    const hint = key === 'ram' ? 'add RAM, such as 256M' : 'add a name such as "linux-1"';
    findings.error(sourceOf(source), 'config.missing-key', `the VM has no ${key}`, hint);
  }
}

/**
 * Completes a fragment to a whole VM. Missing fields have been reported: the name is then {@link UNKNOWN_NAME} and the
 * RAM is empty, and the specification is only for further checks.
 */
export function completeVm(fragment: VmFragment, findings: FindingList): VmSpec {
  const { name = UNKNOWN_NAME, ram = [], arch = ARCHITECTURES[0], cpus = 1 } = fragment;
  if (fragment.cpulist !== undefined) {
    const at = sourceOf(fragment.source, 'cpulist');
    checkCpulistLength({ value: fragment.cpulist, at }, cpus, findings);
  }
  return { ...fragment, name, ram, arch, cpus };
}

/** Name of a VM whose configuration has no valid name. */
const UNKNOWN_NAME = '?';

function read<D, T>(located: Located<D> | undefined, reader: (located: Located<D>) => T): T | undefined {
  return located === undefined ? undefined : reader(located);
}

/** The valid items of a list of bounded length; an empty list becomes `undefined`. */
function all<D, T>(
  what: string,
  list: ListDraft<D> | undefined,
  findings: FindingList,
  build: (item: D) => T | undefined,
): T[] | undefined {
  if (list === undefined) return undefined;
  if (list.items.length > MAX_REGIONS) {
    findings.error(list.at, 'config.too-large', `"${what}" has more than ${MAX_REGIONS} entries`);
    return undefined;
  }
  const built = list.items.flatMap((item) => build(item) ?? []);
  return built.length === 0 ? undefined : built;
}

function readRegions({ regions, at }: VmDraft, findings: FindingList): Pick<VmFragment, 'ram' | 'rom'> {
  if (regions.length > MAX_REGIONS) {
    findings.error(at, 'config.too-large', `more than ${MAX_REGIONS} regions of RAM and ROM`);
    return {};
  }
  const built = buildRegions(regions, findings);
  return {
    ...(built === undefined || built.ram.length === 0 ? {} : { ram: built.ram }),
    ...(built === undefined || built.rom.length === 0 ? {} : { rom: built.rom }),
  };
}

function sourcesOf(draft: VmDraft): FieldSources<VmField> {
  const { at, ramAt, romAt, regions: _regions, ...located } = draft;
  const places = Object.entries({ ...located, ram: place(ramAt), rom: place(romAt) });
  const fields = places.flatMap(([key, value]) => (value === undefined ? [] : [[key, value.at] as const]));
  return { at, fields: Object.fromEntries(fields) as FieldSources<VmField>['fields'] };
}

const place = (at: Located<unknown>['at'] | undefined): { readonly at: Located<unknown>['at'] } | undefined =>
  at === undefined ? undefined : { at };

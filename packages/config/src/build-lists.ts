import { hexadecimal } from '@qvm/core';
import { parseAddress, parseSize, show } from '@qvm/core/options';
import type { BuildContext } from './build-context.js';
import { readPath, readWord } from './build-fields.js';
import type { ListDraft, LoadDraft, PairDraft, ReserveDraft } from './draft.js';
import type { FindingList } from './finding.js';
import { ADDRESS_SPACE_END, PAGE_SIZE } from './limits.js';
import type { Located } from './location.js';
import { readQuantity, warnAmbiguous } from './ram.js';
import { dropUndefined } from './record.js';
import type { LoadSpec, LoggerSpec, ReserveSpec, UnsupportedSpec } from './spec.js';
import { checkVariable } from './variables.js';
import { LOG_DESTINATIONS, LOG_FILTERS, type LogFilter, UNSUPPORTED_KINDS, UNSUPPORTED_POLICIES } from './words.js';

/** Reads a file that is loaded in addition to the image. */
export function buildLoad(draft: LoadDraft, context: BuildContext): LoadSpec | undefined {
  const { findings } = context;
  const file = draft.file === undefined ? undefined : readPath(draft.file, context);
  if (draft.address === undefined) {
    const at = draft.file?.at ?? draft.at;
    findings.error(at, 'config.missing-address', 'a file to load needs an address', 'say where its first byte goes');
    return undefined;
  }
  const address = readAddress(draft.address, findings);
  if (address === undefined || file === undefined) return undefined;
  const fields = dropUndefined({ address: draft.address.at, file: draft.file?.at });
  return { address, file, source: { at: draft.at, fields } };
}

function readAddress(quantity: Located<string | number>, findings: FindingList): number | undefined {
  const { value, at } = quantity;
  const result = readQuantity(value, parseAddress);
  if (!result.ok) findings.error(at, 'config.bad-address', result.message, result.hint);
  else if (result.value >= ADDRESS_SPACE_END)
    findings.error(at, 'config.bad-address', `${hexadecimal(result.value)} is beyond the 48-bit address space`);
  else {
    if ('ambiguous' in result && result.ambiguous) warnAmbiguous(String(value), at, findings);
    return result.value;
  }
  return undefined;
}

const HIGHEST_INTERRUPT = 0xffff;
const WORD = 4;

/** Reads a range or an interrupt that vdevs must not get. */
export function buildReserve(draft: ReserveDraft, findings: FindingList): ReserveSpec | undefined {
  const source = { at: draft.at, fields: {} };
  if (draft.irq !== undefined) {
    const { value: irq, at } = draft.irq;
    if (Number.isInteger(irq) && irq >= 0 && irq <= HIGHEST_INTERRUPT) return { irq, source };
    findings.error(at, 'config.out-of-range', `there is no interrupt ${irq}`, `0 to ${HIGHEST_INTERRUPT} are possible`);
    return undefined;
  }
  if (draft.base === undefined) {
    const hint = 'say an address or an interrupt';
    findings.error(draft.at, 'config.missing-address', 'this reserves nothing', hint);
    return undefined;
  }
  const base = readAddress(draft.base, findings);
  const size = draft.size === undefined ? PAGE_SIZE : readBytes(draft.size, findings);
  if (base === undefined || size === undefined) return undefined;
  if (base % WORD !== 0 || size % WORD !== 0) {
    const message = `the reserved range ${hexadecimal(base)}, ${hexadecimal(size)} bytes, does not consist of words`;
    findings.error(draft.base.at, 'config.unaligned', message, `both must be multiples of ${WORD}`);
    return undefined;
  }
  if (base + size <= ADDRESS_SPACE_END) return { base, size, source };
  findings.error(draft.at, 'config.ram-range', 'the reserved range ends beyond the 48-bit address space');
  return undefined;
}

function readBytes(quantity: Located<string | number>, findings: FindingList): number | undefined {
  const result = readQuantity(quantity.value, parseSize);
  if (result.ok && result.value > 0) return result.value;
  const [message, hint] = result.ok ? ['a range of no bytes', 'right would be "4K"'] : [result.message, result.hint];
  findings.error(quantity.at, 'config.bad-size', message, hint);
  return undefined;
}

/** Reads `FILTER,FILTER DESTINATION`. */
export function buildLogger(line: Located<string>, findings: FindingList): LoggerSpec | undefined {
  const { value, at } = line;
  const [filters = '', destination = '', ...rest] = value.trim().split(/[ \t]+/);
  if (destination === '' || rest.length !== 0) {
    const hint = 'right would be "fatal,error,warn stderr"';
    findings.error(at, 'config.bad-setting', `${show(value)} is no filter with a destination`, hint);
    return undefined;
  }
  const known = filters.split(',').flatMap((filter) => readFilter({ value: filter, at }, findings) ?? []);
  const to = readWord('destination of messages', { value: destination, at }, LOG_DESTINATIONS, findings);
  return to === undefined ? undefined : { filters: [...new Set(known)], destination: to };
}

/** QNX uses the severity `warning` in the option `log` of vdevs. */
function readFilter(filter: Located<string>, findings: FindingList): LogFilter | undefined {
  return filter.value === 'warning' ? 'warn' : readWord('severity', filter, LOG_FILTERS, findings);
}

/** Reads policies for unsupported operations of a guest; the last one for each kind has effect. */
export function buildUnsupported(pairs: readonly PairDraft[], findings: FindingList): UnsupportedSpec {
  const policies = pairs.map(({ name, value }) => {
    const kind = readWord('kind of unsupported access', name, UNSUPPORTED_KINDS, findings);
    const policy = readWord('policy', value, UNSUPPORTED_POLICIES, findings);
    return kind === undefined || policy === undefined ? {} : { [kind]: policy };
  });
  return Object.assign({}, ...policies) as UnsupportedSpec;
}

/** Reads variables; the last value for each name has effect. */
export function buildSet(list: ListDraft<PairDraft>, findings: FindingList): Readonly<Record<string, string>> {
  const known = list.items.filter(({ name, value }) => checkVariable(name.value, value.value, name.at, findings));
  return Object.fromEntries(known.map(({ name, value }) => [name.value, value.value]));
}

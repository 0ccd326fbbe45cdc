import type { Json } from '@qvm/core';

/** A set of counters by name. */
type Counters = Readonly<Record<string, Json>>;

const MEBIBYTE = 0x10_0000;
const KNOWN = new Set(['codePages', 'decoded', 'invalidated', 'evicted', 'modeChanges', 'regions', 'vcpus']);

/**
 * The counters of an engine for users: the share of each tier in the `instructions`, the cost of translation, and the
 * causes of exits. Unknown counters are shown unchanged.
 */
export function engineLines(engine: Counters, instructions: number): readonly string[] {
  const vcpus = Array.isArray(engine['vcpus']) ? (engine['vcpus'] as readonly Json[]).map(countersOf) : [];
  const regions = countersOf(engine['regions'] ?? null);
  return [
    ...(engine['codePages'] === undefined ? [] : [codeLine(engine)]),
    ...(Object.keys(regions).length === 0 ? [] : regionLines(regions, vcpus, instructions)),
    ...vcpus.flatMap(vcpuLines),
    ...Object.entries(engine)
      .filter(([name]) => !KNOWN.has(name))
      .map(([name, value]) => line(name, JSON.stringify(value))),
  ];
}

function codeLine(engine: Counters): string {
  const [pages, decoded, invalidated, evicted] = ['codePages', 'decoded', 'invalidated', 'evicted'].map((name) =>
    numberOf(engine, name),
  );
  const changes = numberOf(engine, 'modeChanges');
  return line(
    'code',
    `${pages} pages; ${decoded} instructions decoded; ${invalidated} pages dropped by writes, ${evicted} for room` +
      (changes === 0 ? '' : `, ${changes} for execution in another mode`),
  );
}

function regionLines(regions: Counters, vcpus: readonly Counters[], instructions: number): readonly string[] {
  const count = (name: string): number => numberOf(regions, name);
  const live = countersOf(regions['live'] ?? null);
  const total = (name: string): number => vcpus.reduce((sum, vcpu) => sum + numberOf(vcpu, name), 0);
  const translated = total('regionInstructions');
  const entries = total('regionEntries');
  return [
    ...(instructions === 0 ? [] : [tierLine((100 * translated) / instructions, translated, entries)]),
    line(
      'regions',
      `${count('regions')} translated (${count('inlined')} with their callees), ${count('refused')} refused, ` +
        `${count('dropped')} dropped; live: ${numberOf(live, 'regions')} in ${numberOf(live, 'modules')} modules`,
    ),
    line(
      'translation',
      `${count('translated')} instructions to ${(count('bytes') / MEBIBYTE).toFixed(1)} MiB in ${count('modules')} modules; ` +
        `${count('milliseconds').toFixed(0)} ms, ${count('longestPause').toFixed(1)} ms at most in one go`,
    ),
  ];
}

function tierLine(share: number, translated: number, entries: number): string {
  const stay = entries === 0 ? '' : `, ${(translated / entries).toFixed(0)} instructions each`;
  const tiers = `${share.toFixed(1)} % of the instructions in regions, ${(100 - share).toFixed(1)} % interpreted`;
  return line('tiers', `${tiers}; ${entries} entries of regions${stay}`);
}

function vcpuLines(vcpu: Counters, index: number): readonly string[] {
  const exits = Object.entries(countersOf(vcpu['exits'] ?? null)).sort(([, x], [, y]) => Number(y) - Number(x));
  const tlb = countersOf(vcpu['tlb'] ?? null);
  return [
    ...faultLines(countersOf(vcpu['faults'] ?? null), index),
    line(`exits ${index}`, exits.map(([cause, count]) => `${cause} ${Number(count)}`).join(', ') || 'none'),
    line(
      `tlb ${index}`,
      `${numberOf(tlb, 'fills')} fills, ${numberOf(tlb, 'flushes')} flushes, ` +
        `${numberOf(tlb, 'bankSwitches')} switches of address space (${numberOf(tlb, 'bankMisses')} to a new one)`,
    ),
  ];
}

/** The last fault and how often it came: where a guest hangs in its exception handlers, this tells why. */
function faultLines(faults: Counters, index: number): readonly string[] {
  const { exception, text } = countersOf(faults['last'] ?? null);
  if (typeof exception !== 'string' || typeof text !== 'string') return [];
  const repeated = numberOf(faults, 'repeated');
  const often = repeated > 1 ? `the last one ${repeated} times in a row` : 'the last one';
  const endless = faults['endless'] === true ? '; the vCPU does nothing but take exceptions' : '';
  return [line(`faults ${index}`, `${numberOf(faults, 'taken')} taken, ${often}: ${exception} ${text}${endless}`)];
}

function countersOf(value: Json): Counters {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Counters) : {};
}

function numberOf(counters: Counters, name: string): number {
  const value = counters[name];
  return typeof value === 'number' ? value : 0;
}

function line(name: string, text: string): string {
  return `${name.padEnd(13)} ${text}`;
}

import { randomSource } from '../random.test.helper.js';
import { CodeBuffer, Ty } from '../wasm/code-buffer.js';
import { ModuleWriter } from '../wasm/module-writer.js';
import { AccessInfo, EngineState, PAGE_BITS, TLB_ENTRIES, TlbEntry } from './layout.js';
import { Probe } from './probe.js';
import type { ProbeRequest } from './probe.js';

const PAGE = 1n << BigInt(PAGE_BITS);
const SPACE = 1n << 64n;
/** Distance of pages that share a TLB entry. */
const SAME_ENTRY = PAGE * BigInt(TLB_ENTRIES);
const [CPU, VA] = [0, 1];
const STATE = 0x1000;
/** Banks of the usual and of unprivileged accesses. */
const BANKS = [0x1_0000, 0x6_0000] as const;
const MEMORY_PAGES = 10;
const INVALID = SPACE - 1n;
const MISS = -1;

type Options = Partial<Pick<ProbeRequest, 'bytes' | 'element' | 'info' | 'exactAlignment' | 'widening'>>;

/** The bytes that a probe covers, relative to the address, and the kind of access. */
interface Widening {
  readonly low: number;
  readonly high: number;
  readonly write: boolean;
}

/** A page in the TLB. */
interface Entry {
  readonly page: bigint;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly addend: number;
}

const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES, shared: true });
const view = new DataView(memory.buffer);

/** Compiles a function that performs a probe on an address, after `change` has patched the probe's emitted code. */
function compileProbe(options: Options, change: (probe: Probe) => void = () => undefined): (va: bigint) => number {
  const code = new CodeBuffer();
  const [entry, address] = [2, 3];
  const request = { bytes: 1, element: 1, info: 0, exactAlignment: false, widening: false, ...options };
  const miss = (): void => void code.i32(MISS);
  const probe = new Probe(code, { ...request, cpu: CPU, bank: undefined, va: VA, entry, address, miss });
  code.get(address);
  change(probe);
  const writer = new ModuleWriter();
  const signature = { params: [Ty.i32, Ty.i64], results: [Ty.i32] };
  writer.define(writer.declare(), signature, [Ty.i32, Ty.i32], code.toBytes(), 'probe');
  const module = new WebAssembly.Module(writer.toBytes() as Uint8Array<ArrayBuffer>);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const run = exports['probe'] as (cpu: number, va: bigint) => number;
  return (va) => run(STATE, BigInt.asIntN(64, va));
}

function fillTlb(entries: readonly Entry[], bank = 0): void {
  view.setUint32(STATE + EngineState.bank, BANKS[0], true);
  view.setUint32(STATE + EngineState.unprivilegedBank, BANKS[1], true);
  for (const at of BANKS) new Uint8Array(memory.buffer, at, TLB_ENTRIES * TlbEntry.bytes).fill(0xff);
  for (const { page, readable, writable, addend } of entries) {
    const at = (BANKS[bank] as number) + (Number(page >> BigInt(PAGE_BITS)) % TLB_ENTRIES) * TlbEntry.bytes;
    view.setBigUint64(at + TlbEntry.readTag, readable ? page : INVALID, true);
    view.setBigUint64(at + TlbEntry.writeTag, writable ? page : INVALID, true);
    view.setInt32(at + TlbEntry.addend, addend, true);
  }
}

const pageOf = (va: bigint): bigint => BigInt.asUintN(64, va) & ~(PAGE - 1n);

/** The expected result, from the TLB entries for the pages of the first and the last byte. */
function expected(entries: readonly Entry[], va: bigint, { low, high, write }: Widening): number {
  const page = pageOf(va + BigInt(low));
  const entry = entries.find((e) => e.page === page && (write ? e.writable : e.readable));
  if (entry === undefined || pageOf(va + BigInt(high - 1)) !== page) return MISS;
  return (Number(BigInt.asIntN(32, va)) + entry.addend) | 0;
}

describe('Probe', () => {
  const plain: Entry = { page: 0x40_0000n, readable: true, writable: false, addend: 0x123 };
  const hit = 0x40_0123;

  it('answers for all bytes of its access, by the page of the last', () => {
    fillTlb([plain]);
    const probe = compileProbe({ bytes: 16, element: 8 });
    expect([0x40_0000n, 0x40_0ff0n, 0x40_0ff1n, 0x3f_ffffn, 0x40_1000n].map(probe)).toEqual([
      hit,
      hit + 0xff0,
      MISS,
      MISS,
      MISS,
    ]);
  });

  it.each([
    ['the system wants it', { exactAlignment: true }],
    ['the access does', { info: AccessInfo.aligned }],
  ])('misses where an element is misaligned when %s', (_, options) => {
    fillTlb([plain]);
    const probe = compileProbe({ bytes: 16, element: 8, ...options });
    expect([0x40_0008n, 0x40_0ff0n, 0x40_0ff8n, 0x40_0004n, 0x40_0001n].map(probe)).toEqual([
      hit + 8,
      hit + 0xff0,
      MISS,
      MISS,
      MISS,
    ]);
  });

  it('of a write, and of an unprivileged access, looks at what is for these', () => {
    fillTlb([plain]);
    const [write, unprivileged] = [AccessInfo.write, AccessInfo.unprivileged].map((info) => compileProbe({ info }));
    expect([write?.(plain.page), unprivileged?.(plain.page)]).toEqual([MISS, MISS]);
    fillTlb([{ ...plain, writable: true }]);
    expect([write?.(plain.page), unprivileged?.(plain.page)]).toEqual([hit, MISS]);
    fillTlb([plain], 1);
    expect([write?.(plain.page), unprivileged?.(plain.page)]).toEqual([MISS, hit]);
  });

  it('that may be widened but is not does as one that may not', () => {
    fillTlb([plain]);
    const [fixed, widening] = [false, true].map((may) => compileProbe({ bytes: 8, element: 8, widening: may }));
    for (let va = plain.page - 16n; va < plain.page + PAGE + 16n; va++) expect(widening?.(va)).toBe(fixed?.(va));
  });

  it('for bytes before its address gives the address itself', () => {
    fillTlb([plain]);
    const probe = compileProbe({ bytes: 8, element: 8, widening: true }, (made) => made.widen(-16, 8, false));
    expect([0x40_0010n, 0x40_000fn, 0x40_0ff8n, 0x40_0ff9n].map(probe)).toEqual([hit + 16, MISS, hit + 0xff8, MISS]);
  });

  it('never takes two pages for one, even when both are there', () => {
    fillTlb([plain, { ...plain, page: plain.page + PAGE }]);
    const probe = compileProbe({ bytes: 8, element: 8, widening: true }, (made) => made.widen(-8, 16, false));
    const middle = plain.page + PAGE;
    expect([middle - 16n, middle - 15n, middle, middle + 7n, middle + 8n].map(probe)).toEqual([
      hit + 0xff0,
      MISS,
      MISS,
      MISS,
      hit + 0x1008,
    ]);
  });
});

describe('a widened probe', () => {
  const seed = Date.now() & 0xff_ffff;
  const random = randomSource(seed);
  const MODULES = 250;
  const TLBS = 6;
  const ADDRESSES = 12;

  /** A window that grows several times, as with a program's accesses; only the last growth matters. */
  function widenings(bytes: number, write: boolean): Widening[] {
    // Most windows are small, some are as large as a page.
    const reach = random(4) > 0 ? 120 : 2100;
    const steps: Widening[] = [{ low: 0, high: bytes, write }];
    for (let n = random(4); n > 0; n--) {
      const last = steps.at(-1) as Widening;
      const [low, high] = [Math.min(last.low, -random(reach)), Math.max(last.high, bytes + random(reach))];
      steps.push({ low, high, write: last.write || random(3) === 0 });
    }
    return steps;
  }

  /** A random page, often one where addresses wrap or change their sign. */
  function randomPage(): bigint {
    const edges = [0n, SPACE - PAGE, 1n << 31n, 1n << 32n, 1n << 47n, 1n << 63n, SAME_ENTRY];
    const anywhere = (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32));
    return pageOf(random(2) > 0 ? (edges[random(edges.length)] as bigint) : anywhere);
  }

  /** Random entries for a page and its neighbours, or for another page that uses the same entry. */
  function randomEntries(page: bigint): Entry[] {
    return [page - PAGE, page, page + PAGE].map((near) => ({
      page: BigInt.asUintN(64, random(6) > 0 ? near : near + SAME_ENTRY * BigInt(1 + random(3))),
      readable: random(5) > 0,
      writable: random(3) > 0,
      addend: random(2 ** 32) | 0,
    }));
  }

  /** A random address, such that an end of the window is near the end of a page, or anywhere in the page. */
  function randomAddress(page: bigint, { low, high }: Widening): bigint {
    const edge = random(2) > 0 ? page : page + PAGE;
    const end = [low, high, high - 1, 0][random(4)] as number;
    const near = edge - BigInt(end) + BigInt(random(9) - 4);
    return BigInt.asUintN(64, random(4) > 0 ? near : page + BigInt(random(Number(PAGE))));
  }

  it('hits exactly where one page holds all of its bytes and allows what is done', () => {
    const seen = { hits: 0, misses: 0 };
    for (let n = 0; n < MODULES; n++) {
      const bytes = 2 ** random(5);
      const info = random(3) === 0 ? AccessInfo.write : 0;
      const steps = widenings(bytes, info !== 0);
      const last = steps.at(-1) as Widening;
      const probe = compileProbe({ bytes, element: bytes, info, widening: true }, (made) => {
        for (const { low, high, write } of steps.slice(1)) made.widen(low, high, write);
      });
      for (let tlb = 0; tlb < TLBS; tlb++) {
        const page = randomPage();
        const entries = randomEntries(page);
        fillTlb(entries);
        for (let i = 0; i < ADDRESSES; i++) {
          const va = randomAddress(page, last);
          const answer = expected(entries, va, last);
          expect({ seed, n, last, entries, va, answer: probe(va) }).toEqual({ seed, n, last, entries, va, answer });
          if (answer === MISS) seen.misses++;
          else seen.hits++;
        }
      }
    }
    expect(Math.min(seen.hits, seen.misses)).toBeGreaterThan((MODULES * TLBS * ADDRESSES) / 10);
  });
});

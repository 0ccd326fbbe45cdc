import type { Engine } from '@qvm/core/architecture';
import type { CodeTranslatedEvent } from '@qvm/core/hooks';
import { MachineHarness, log } from './machine-harness.test.helper.js';

/** A copy of an event, which is valid only during the call. */
interface Translated extends Pick<CodeTranslatedEvent, 'vm' | 'address' | 'level' | 'instructions' | 'pages'> {
  readonly text: readonly string[];
  readonly module: Uint8Array;
}

/** Counts X1 up in a loop that calls a function. */
const LOOP = `mov x0, #20000
loop: bl one
  subs x0, x0, #1
  b.ne loop
  b done
one: add x1, x1, #1
  ret
done: ${log(1)}`;

/** The same with a function in the next page. */
const FAR_LOOP = `mov x0, #20000
loop: bl far
  subs x0, x0, #1
  b.ne loop
  b done
.balign 4096
far: eor x2, x2, x0
  ret
done: ${log(2)}`;

const hex = (address: bigint): string => `0x${address.toString(16)}`;

async function translationsOf(source: string, engine: Engine = 'wasm'): Promise<[MachineHarness, Translated[]]> {
  const seen: Translated[] = [];
  const prepare = ({ vm }: MachineHarness): void =>
    vm.hooks.codeTranslated.tap('test', (event) => {
      const { vm: name, address, level, instructions, pages } = event;
      seen.push({ vm: name, address, level, instructions, pages, text: event.text(), module: event.module() });
    });
  const machine = await MachineHarness.run(source, { engine, prepare });
  machine.expectEnd();
  return [machine, seen];
}

describe('the hook codeTranslated', () => {
  it('shows the guest code of each region, first plain and then with its callees', async () => {
    const [machine, seen] = await translationsOf(LOOP);
    expect(machine.x(1)).toBe(20_000n);
    const [loop, one, page] = [machine.label('loop'), machine.label('one'), machine.label('loop') & ~0xfffn];
    // Most of the time is spent from the return address of the call on.
    const [plain, inlined] = seen.filter(({ address }) => address === loop + 4n);
    expect(plain).toMatchObject({ vm: 'test', level: 'plain', instructions: 3, pages: [page] });
    expect(plain?.text).toEqual([
      `region at ${hex(loop + 4n)}: 3 instructions in 2 blocks, code of ${hex(page)}`,
      'block 0: to 1 if taken, else out',
      `  ${hex(loop + 4n)}  f1000400  subs x0, x0, #0x1`,
      `  ${hex(loop + 8n)}  54ffffc1  b.ne ${hex(loop)}`,
      'block 1: to out',
      `  ${hex(loop)}  94000004  bl ${hex(one)}`,
    ]);
    expect(inlined).toMatchObject({ vm: 'test', level: 'inlined', instructions: 5, pages: [page] });
    expect(inlined?.text).toEqual([
      `region at ${hex(loop + 4n)}: 5 instructions in 3 blocks, code of ${hex(page)}`,
      'block 0: to 1 if taken, else out',
      `  ${hex(loop + 4n)}  f1000400  subs x0, x0, #0x1`,
      `  ${hex(loop + 8n)}  54ffffc1  b.ne ${hex(loop)}`,
      'block 1: to 2',
      `  ${hex(loop)}  94000004  bl ${hex(one)}`,
      `block 2: to 0 if the branch at ${hex(one + 4n)} goes to ${hex(loop + 4n)}, else out`,
      `  ${hex(one)}  91000421  add x1, x1, #0x1`,
      `  ${hex(one + 4n)}  d65f03c0  ret`,
    ]);
  });

  it('comes with a module for each region that is valid alone', async () => {
    const [, seen] = await translationsOf(LOOP);
    expect(seen.length).toBeGreaterThan(1);
    for (const { module } of seen) {
      const bytes = module as Uint8Array<ArrayBuffer>;
      expect(WebAssembly.validate(bytes)).toBe(true);
      expect(WebAssembly.Module.exports(new WebAssembly.Module(bytes))).toEqual([{ name: 'r0', kind: 'function' }]);
    }
  });

  it('shows code of several pages at its addresses', async () => {
    const [machine, seen] = await translationsOf(FAR_LOOP);
    const [loop, far] = [machine.label('loop'), machine.label('far')];
    const across = seen.find(({ pages }) => pages.length > 1);
    expect(across?.pages).toEqual([loop & ~0xfffn, far]);
    expect(across?.text).toContain(`  ${hex(far)}  ca000042  eor x2, x2, x0`);
  });

  it('never fires where nothing is translated', async () => {
    expect((await translationsOf(LOOP, 'interp'))[1]).toEqual([]);
  });
});

import { EarlierModules } from './earlier-modules.js';
import { RegionModule } from './region-module.js';

/** The smallest module: magic number and version. */
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

const moduleOf = (bytes: Uint8Array): RegionModule =>
  new RegionModule({ bytes, links: 0, exactAlignment: false, translations: [] });

/** The events of modules, in order. */
function watched(background: boolean) {
  const opened: [RegionModule, boolean][] = [];
  const refused: RegionModule[] = [];
  const arrived: (() => void)[] = [];
  const earlier = new EarlierModules(background, {
    open: (module, compile) => opened.push([module, compile() instanceof WebAssembly.Module]),
    arrived: (open) => arrived.push(open),
    refused: (module) => refused.push(module),
  });
  return { earlier, opened, refused, arrived };
}

/** All that can be compiled has been. */
async function settled(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('modules of earlier runs', () => {
  it('are compiled in the background and opened later', async () => {
    const { earlier, opened, arrived } = watched(true);
    const modules = Array.from({ length: 9 }, () => moduleOf(EMPTY));
    for (const module of modules) earlier.add(module);
    earlier.compile();
    await settled(() => arrived.length === modules.length);
    expect(opened).toEqual([]);
    for (const open of arrived) open();
    expect(opened.map(([, compiled]) => compiled)).toEqual(modules.map(() => true));
    expect(new Set(opened.map(([module]) => module))).toEqual(new Set(modules));
  });

  it('are no more compiled after they are forgotten, except the few whose compilation has begun', async () => {
    const { earlier, arrived } = watched(true);
    for (let i = 0; i < 100; i++) earlier.add(moduleOf(EMPTY));
    earlier.compile();
    earlier.clear();
    await settled(() => arrived.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(arrived.length).toBeLessThan(10);
  });

  it('are refused when they are not valid', async () => {
    const { earlier, arrived, refused } = watched(true);
    const invalid = moduleOf(EMPTY.subarray(1));
    earlier.add(invalid);
    earlier.add(moduleOf(EMPTY));
    earlier.compile();
    await settled(() => arrived.length + refused.length === 2);
    expect(refused).toEqual([invalid]);
  });

  it('are opened at once without background threads', () => {
    const { earlier, opened } = watched(false);
    const module = moduleOf(EMPTY);
    earlier.add(module);
    earlier.compile();
    earlier.compile();
    expect(opened).toEqual([[module, true]]);
  });
});

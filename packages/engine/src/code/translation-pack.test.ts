import { RegionTranslator } from '@qvm/jit';
import fc from 'fast-check';
import { RegionModule } from './region-module.js';
import type { ModuleContents } from './region-module.js';
import { packTranslations, unpackTranslations } from './translation-pack.js';
import { engineModule } from '../engine-module.js';
import { toySets } from '../toy-machine/toy-vcpu.test.helper.js';

/** The bytes of a real module, without regions. */
const bytes = new RegionTranslator(engineModule(toySets[0] as (typeof toySets)[number]).instructions).translate(
  [],
  false,
).bytes;

const page = (number: number, link: number, at: number) => ({
  number,
  link,
  runs: [
    { at, bytes: Uint8Array.of(1, 2, 3) },
    { at: 4095, bytes: Uint8Array.of(9) },
  ],
});

const contents: ModuleContents = {
  bytes,
  links: 2,
  exactAlignment: true,
  translations: [
    { index: 0, entry: 16, head: -5, level: 0, instructions: 3, pages: [page(0, -1, 16)] },
    {
      index: 3,
      entry: 4095,
      head: 9,
      level: 3,
      instructions: 70,
      pages: [page(0, -1, 0), page(-2, 0, 8), page(5, 1, 4)],
    },
  ],
};
const plain = (modules: readonly ModuleContents[]) =>
  modules.map(({ bytes: code, links, exactAlignment, translations }) => ({
    code: [...code],
    links,
    exactAlignment,
    translations: translations.map((t) => ({
      ...t,
      pages: t.pages.map((p) => ({ ...p, runs: p.runs.map((run) => ({ at: run.at, bytes: [...run.bytes] })) })),
    })),
  }));

describe('packed translations', () => {
  const pack = packTranslations([new RegionModule(contents), new RegionModule(contents)], 1e6);

  it('are the same when unpacked', () => {
    expect(plain(unpackTranslations(pack))).toEqual(plain([contents, contents]));
  });

  it('lack those that larger ones have superseded, and modules without others', () => {
    const [some, none] = [new RegionModule(contents), new RegionModule(contents)];
    some.superseded.add(contents.translations[0] as never);
    for (const translation of contents.translations) none.superseded.add(translation);
    const modules = unpackTranslations(packTranslations([none, some], 1e6));
    expect(modules.map(({ translations }) => translations.map(({ index }) => index))).toEqual([[3]]);
  });

  it('have no more bytes of code than they may have', () => {
    const two = [new RegionModule(contents), new RegionModule(contents)];
    expect(unpackTranslations(packTranslations(two, bytes.length * 2 - 1))).toHaveLength(1);
    expect(unpackTranslations(packTranslations(two, 0))).toHaveLength(0);
  });

  it('are refused when they are truncated', () => {
    for (let length = 0; length < pack.length; length++)
      expect(() => unpackTranslations(pack.subarray(0, length))).toThrow(RangeError);
  });

  it('are within their ranges or refused, whatever a word is', () => {
    const words = new DataView(pack.buffer).getUint32(4, true);
    fc.assert(
      fc.property(fc.nat(words + 1), fc.integer(), (word, value) => {
        const changed = pack.slice();
        new DataView(changed.buffer).setInt32(word * 4, value, true);
        let modules: readonly ModuleContents[];
        try {
          modules = unpackTranslations(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        for (const { links, translations } of modules) {
          for (const { entry, pages } of translations) {
            expect(entry).toBeLessThan(4096);
            for (const { link, runs } of pages) {
              expect(link).toBeLessThan(links);
              for (const run of runs) expect(run.at + run.bytes.length).toBeLessThanOrEqual(4096);
            }
          }
        }
      }),
    );
  });
});

import { CodeMode, rowFeatures } from '@qvm/isa-x86_64';
import { instructionSetsOf, readInstruction } from './instruction-sets.js';

const ALL = new Set<string>(rowFeatures);
const without = (feature: string): ReadonlySet<string> => new Set(rowFeatures.filter((name) => name !== feature));

describe('instruction sets', () => {
  it('are one for processors that do not differ in instructions', () => {
    expect(instructionSetsOf(new Set([...ALL, 'x2apic']))).toBe(instructionSetsOf(ALL));
  });

  it('have versions of their own for each feature, so that translations of one processor are none of another', () => {
    const versions = [ALL, ...rowFeatures.map(without)].map((features) => instructionSetsOf(features)[0]?.version);
    expect(new Set(versions).size).toBe(rowFeatures.length + 1);
  });

  it('differ in instructions that have the handler of others', () => {
    // MOVUPS xmm0, xmm1 and MOVDQU xmm0, xmm1
    const read = (features: ReadonlySet<string>, bytes: readonly number[]): string | undefined =>
      readInstruction(features, CodeMode.Code64, Uint8Array.from([...bytes, ...new Array<number>(15).fill(0)]))?.row
        .name;
    const [movups, movdqu] = [
      [0x0f, 0x10, 0xc1],
      [0xf3, 0x0f, 0x6f, 0xc1],
    ] as const;
    expect([read(ALL, movups), read(ALL, movdqu)]).toEqual(new Array(2).fill('MOVUPS, MOVUPD, MOVDQU'));
    expect([read(without('sse2'), movups), read(without('sse2'), movdqu)]).toEqual([
      'MOVUPS, MOVUPD, MOVDQU',
      undefined,
    ]);
  });
});

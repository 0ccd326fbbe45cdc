import { unpackInterpreter } from '@qvm/engine';
import { generateInterpreter } from '@qvm/jit';
import { instructionSetsOf, madeInstructions } from '../instruction-sets.js';
import { defaultModel } from '../system/cpu-model.js';
import { INTERPRETER } from './x86-64.js';

describe('the interpreter that the build has made', () => {
  const set = madeInstructions();

  it('is the one that the rows of the default model give in 64-bit mode', async () => {
    const { bytes } = generateInterpreter(set as NonNullable<typeof set>);
    expect(Buffer.compare(await unpackInterpreter(INTERPRETER), bytes)).toBe(0);
  });

  it('is of no other mode or model', () => {
    const sets = [...instructionSetsOf(defaultModel.features), ...instructionSetsOf(new Set())];
    expect(sets.filter(({ made }) => made !== undefined)).toEqual([set]);
  });
});

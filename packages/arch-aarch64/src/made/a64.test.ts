import { engineModule, prepareEngine, unpackInterpreter } from '@qvm/engine';
import { generateInterpreter } from '@qvm/jit';
import { a64InstructionSet } from '../a64-instruction-set.js';
import { INTERPRETER } from './a64.js';

describe('the interpreter that the build has made', () => {
  it('is the one that the rows give', async () => {
    const { bytes } = generateInterpreter(a64InstructionSet);
    expect(Buffer.compare(await unpackInterpreter(INTERPRETER), bytes)).toBe(0);
  });

  it('is the engine of the instruction set once it is prepared', async () => {
    const set = { ...a64InstructionSet };
    await prepareEngine(set);
    const { module } = engineModule(set);
    await prepareEngine(set);
    expect(engineModule(set).module).toBe(module);
    expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toContain('run');
  });
});

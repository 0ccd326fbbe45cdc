import { unpackInterpreter } from '@qvm/engine';
import type { InstructionSet } from '@qvm/engine';
import {
  A64,
  A64_GEOMETRY,
  A64_VERSION,
  nzcvModel,
  SOFTFLOAT_MODULE,
  softfloatHelpers,
  vectorHelpers,
  a64Rows,
} from '@qvm/isa-aarch64';
import { cryptoHelpers, WordDecoder } from '@qvm/jit';
import { instantiateSoftfloat } from '@qvm/softfloat';
import { walkFunction } from './system/walk-function.js';

/** The A64 instruction set in the form that the engine runs. @experimental */
export const a64InstructionSet: InstructionSet<A64> = {
  rows: a64Rows,
  geometry: A64_GEOMETRY,
  flags: nzcvModel,
  helpers: [...softfloatHelpers, ...vectorHelpers.helpers, ...cryptoHelpers.helpers],
  builder: A64,
  walk: walkFunction,
  version: A64_VERSION,
  made: async () => unpackInterpreter((await import('./made/a64.js')).INTERPRETER),
  makeDecoder: () => new WordDecoder(a64Rows),
  instantiateHelpers: (memory) => ({
    [SOFTFLOAT_MODULE]: instantiateSoftfloat(memory) as unknown as WebAssembly.ModuleImports,
    ...vectorHelpers.instantiate(memory),
    ...cryptoHelpers.instantiate(memory),
  }),
};

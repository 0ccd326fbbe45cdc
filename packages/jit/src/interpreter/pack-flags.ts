import type { BackEnd } from '../builder/back-end.js';
import { Builder } from '../builder/builder.js';
import type { FlagModel } from '../builder/flag-model.js';
import type { Helper } from '../builder/helper.js';
import { EngineState } from '../builder/layout.js';
import { LocalPool } from '../builder/local-pool.js';
import { CodeBuffer } from '../wasm/code-buffer.js';
import type { ModuleWriter } from '../wasm/module-writer.js';
import { PACK_FLAGS, signatureOf } from './core-functions.js';

/** Defines {@link PACK_FLAGS} for an architecture's flags. @internal */
export function definePackFlags(writer: ModuleWriter, functionOf: (helper: Helper) => number, flags: FlagModel): void {
  const code = new CodeBuffer();
  const locals = new LocalPool(PACK_FLAGS.params.length);
  const b = new Builder(code, locals, 0, functionOf);
  b.use(NO_INSTRUCTION as BackEnd);
  b.begin();
  const packed = flags.pack(
    b,
    b.stateAt(EngineState.flagKind, 4),
    b.stateAt(EngineState.flagX, 8),
    b.stateAt(EngineState.flagY, 8),
  );
  b.emit(packed);
  writer.define(functionOf(PACK_FLAGS), signatureOf(PACK_FLAGS), locals.types, code.toBytes(), 'packFlags');
}

/** Back end of a function, which has no operands, registers or control flow. */
const NO_INSTRUCTION = {};

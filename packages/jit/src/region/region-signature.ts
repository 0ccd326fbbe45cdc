import { Ty } from '../wasm/code-buffer.js';
import type { Signature } from '../wasm/module-writer.js';

/** A region's function: (cpu, instructions left, virtual address of its page) → instructions left. @internal */
export const REGION_SIGNATURE: Signature = { params: [Ty.i32, Ty.i32, Ty.i64], results: [Ty.i32] };

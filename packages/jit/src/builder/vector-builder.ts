import type { V } from '../describe/value.js';
import { Ty } from '../wasm/code-buffer.js';
import { Op, Simd } from '../wasm/opcodes.js';
import type { SimdName } from '../wasm/opcodes.js';
import { Kind, node, value } from './graph.js';
import { ValueBuilder } from './value-builder.js';

const VECTOR_BYTES = 16;

/**
 * Vectors of 128 bits, with the operations that WebAssembly has.
 *
 * @experimental
 */
export abstract class VectorBuilder extends ValueBuilder {
  /** A vector operation with one to three operands, by its WebAssembly name. */
  simd(name: SimdName | 'v128_bitselect', x: V, y?: V, z?: V): V {
    const op = name === 'v128_bitselect' ? Op.v128_bitselect : Simd[name];
    const scalar = /(all_true|any_true|bitmask)$/.test(name);
    return this.op(op, scalar ? Ty.i32 : Ty.v128, node(x), y ? node(y) : -1, z ? node(z) : -1);
  }

  /** Reads lane `lane` (static). The result is i64 for 64-bit lanes, otherwise i32. */
  extractLane(name: SimdName, x: V, lane: number): V {
    return this.node(Kind.Lane, name.startsWith('i64') ? Ty.i64 : Ty.i32, Simd[name], node(x), -1, lane);
  }

  /** `x` with `v` in lane `lane` (static). */
  replaceLane(name: SimdName, x: V, lane: number, v: V): V {
    const lane64 = name.startsWith('i64');
    return this.node(Kind.Lane, Ty.v128, Simd[name], node(x), node(this.as(v, lane64 ? Ty.i64 : Ty.i32)), lane);
  }

  /** Selects 16 bytes of the 32 bytes in `x` and `y`. */
  shuffle(x: V, y: V, lanes: readonly number[]): V {
    return this.node(Kind.Shuffle, Ty.v128, Op.i8x16_shuffle, node(x), node(y), this.graph.addLanes(lanes));
  }

  /** A constant vector of 16 bytes. */
  vector(bytes: readonly number[]): V {
    return value(this.graph.add(Kind.Vector, Ty.v128, Op.v128_const, -1, -1, this.graph.addLanes(bytes)));
  }

  /** An i64 in the low lane of a vector, zeros above. */
  vectorFrom64(v: V): V {
    return this.replaceLane('i64x2_replace_lane', this.vector(new Array<number>(VECTOR_BYTES).fill(0)), 0, v);
  }
}

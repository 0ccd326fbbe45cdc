import type { CodeBuffer } from '../wasm/code-buffer.js';
import { Ty } from '../wasm/code-buffer.js';
import { REGION_MINIMUM } from '../builder/layout.js';
import type { LocalPool } from '../builder/local-pool.js';
import { IntOp, Op } from '../wasm/opcodes.js';

/** Locals that the ways out of a region set. @internal */
export interface ExitLocals {
  readonly left: number;
  readonly page: number;
  readonly pc: number;
  readonly chain: number;
}

const REST_BITS = Math.log2(REGION_MINIMUM) + 1;

/**
 * The exits of a region whose destination is known while it is translated. A region has very many: each is one constant (the
 * destination, and the instructions of the block that are not done) and a jump to code that all share.
 *
 * @internal
 */
export class WaysOut {
  readonly #exitAt: number;
  readonly #leave: number;
  readonly #go: number;

  /** Opens the blocks that the body is in. */
  constructor(
    private readonly code: CodeBuffer,
    locals: LocalPool,
    private readonly exit: ExitLocals,
  ) {
    this.#exitAt = locals.reserve(Ty.i64);
    this.#leave = code.block();
    this.#go = code.block();
  }

  /** Leaves regions for an address `offset` bytes from the page; `rest` instructions are taken back. */
  leave(offset: number, rest: number): void {
    this.#way(this.#leave, offset, rest);
  }

  /** Goes on at an address, in another region if one begins there. */
  go(offset: number): void {
    this.#way(this.#go, offset, 0);
  }

  /** Closes the blocks, after a body that ends in a way out. */
  end(): void {
    const { code } = this;
    const { left, page, pc, chain } = this.exit;
    code.end();
    code.i32(1).set(chain);
    code.end();
    code.get(page).get(this.#exitAt).i64(REST_BITS).op(IntOp.sar[1]).op(IntOp.add[1]).set(pc);
    code.get(left).get(this.#exitAt).op(Op.i32_wrap_i64);
    code
      .i32((1 << REST_BITS) - 1)
      .op(IntOp.and[0])
      .op(IntOp.add[0])
      .set(left);
  }

  #way(label: number, offset: number, rest: number): void {
    const packed = offset * (1 << REST_BITS) + rest;
    this.code
      .i64(packed | 0, Math.floor(packed / 2 ** 32))
      .set(this.#exitAt)
      .br(label);
  }
}

import type { CodeBuffer } from '../wasm/code-buffer.js';
import { Ty } from '../wasm/code-buffer.js';
import { REGION_MINIMUM } from '../builder/layout.js';
import type { LocalPool } from '../builder/local-pool.js';
import { IntOp, Op } from '../wasm/opcodes.js';

/** Locals that the exits of a region set. @internal */
export interface ExitLocals {
  readonly left: number;
  readonly page: number;
  readonly pc: number;
  readonly chain: number;
}

const REST_BITS = Math.log2(REGION_MINIMUM) + 1;

/**
 * The exits of a region whose destination is known at translation time. A region has very many: each is one constant
 * (the destination, and the number of unexecuted instructions of the block) and a jump to shared code.
 *
 * @internal
 */
export class WaysOut {
  readonly #exitAt: number;
  readonly #leave: number;
  readonly #go: number;

  /** Opens the blocks that contain the body. */
  constructor(
    private readonly code: CodeBuffer,
    locals: LocalPool,
    private readonly exit: ExitLocals,
  ) {
    this.#exitAt = locals.reserve(Ty.i64);
    this.#leave = code.block();
    this.#go = code.block();
  }

  /** Leaves the regions for an address `offset` bytes from the page; takes `rest` instructions back. */
  leave(offset: number, rest: number): void {
    this.#way(this.#leave, offset, rest);
  }

  /** Continues at an address, in another region if one begins there. */
  go(offset: number): void {
    this.#way(this.#go, offset, 0);
  }

  /** Closes the blocks, after a body that ends in an exit. */
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

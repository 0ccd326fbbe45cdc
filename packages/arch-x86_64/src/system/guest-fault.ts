import { Vector } from '@qvm/isa-x86_64';

/** The error code of exceptions that have none. @experimental */
export const NO_ERROR_CODE = -1;

/**
 * The exception that a part of the processor reports to its caller, which then stops. One object for each vCPU, so that
 * nothing is allocated.
 *
 * @experimental
 */
export class GuestFault {
  vector: Vector = Vector.GP;
  /** Its error code, or {@link NO_ERROR_CODE}. */
  error = NO_ERROR_CODE;
  /** Address of a page fault, low and high word. */
  lo = 0;
  /** See {@link GuestFault.lo}. */
  hi = 0;

  /** Sets the exception. Returns false, as the functions that fail do. */
  raise(vector: Vector, error = NO_ERROR_CODE): false {
    this.vector = vector;
    this.error = error;
    return false;
  }

  /** Sets a page fault. */
  page(error: number, lo: number, hi: number): false {
    this.lo = lo;
    this.hi = hi;
    return this.raise(Vector.PF, error);
  }

  /** #GP with a selector as error code: bits 15–2 (SDM vol. 3, 6.13). */
  protection(selector = 0): false {
    return this.raise(Vector.GP, selector & 0xfffc);
  }

  /** #UD. */
  undefined(): false {
    return this.raise(Vector.UD);
  }
}

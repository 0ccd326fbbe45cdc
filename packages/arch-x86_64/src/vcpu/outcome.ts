/** How an instruction that the vCPU executes has ended. @experimental */
export enum Outcome {
  /** An exception, which is in `Core.fault`. */
  Fault,
  /** It is complete: execution continues after it. */
  Next,
  /** It is complete and has set the instruction pointer. */
  Jumped,
}

/** The outcome of a unit that returns whether it succeeded, for an instruction that continues after itself. */
export const next = (done: boolean): Outcome => (done ? Outcome.Next : Outcome.Fault);

/** The outcome of a transfer of control. */
export const jumped = (done: boolean): Outcome => (done ? Outcome.Jumped : Outcome.Fault);

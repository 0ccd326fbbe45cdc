import { ApicRequest } from '../vcpu.js';

const NO_VECTOR = -1;

/** Requests to one vCPU besides interrupts: NMI, INIT and start-up, as they wait to be taken (SDM 3A, 8.4.1). */
export class VcpuRequests {
  readonly #bootstrap: boolean;
  /** A message with the vector of the 8259A pair to come; kept until acknowledged. */
  external = false;
  nmi = false;
  init = false;
  /** The vCPU waits for a start-up message and takes nothing but that and INIT. */
  waiting = false;
  /** Vector of a start-up message, or -1. */
  startUp = NO_VECTOR;

  /** @param bootstrap - the vCPU does not wait for a start-up message after reset and INIT. */
  constructor(bootstrap: boolean) {
    this.#bootstrap = bootstrap;
    this.reset();
  }

  /** The requests that the vCPU can take now: bits of {@link ApicRequest}. */
  bits(interrupt: boolean): number {
    const init = this.init ? ApicRequest.Init : 0;
    if (this.waiting) return init | (this.startUp !== NO_VECTOR ? ApicRequest.StartUp : 0);
    return init | (this.nmi ? ApicRequest.Nmi : 0) | (interrupt ? ApicRequest.Interrupt : 0);
  }

  /** A start-up message is lost unless the vCPU waits for it, or will when it has taken INIT. */
  receiveStartUp(vector: number): void {
    if (this.waiting || this.init) this.startUp = vector;
  }

  /** Takes INIT. A start-up message that followed it is kept. */
  takeInit(): void {
    const { startUp } = this;
    this.reset();
    if (this.waiting) this.startUp = startUp;
  }

  /** Takes the start-up message and returns its vector. */
  takeStartUp(): number {
    const vector = this.startUp;
    this.startUp = NO_VECTOR;
    this.waiting = false;
    return vector;
  }

  save(): { external: boolean; nmi: boolean; init: boolean; waiting: boolean; startUp: number | null } {
    const { external, nmi, init, waiting, startUp } = this;
    return { external, nmi, init, waiting, startUp: startUp === NO_VECTOR ? null : startUp };
  }

  reset(): void {
    this.external = false;
    this.nmi = false;
    this.init = false;
    this.startUp = NO_VECTOR;
    this.waiting = !this.#bootstrap;
  }
}

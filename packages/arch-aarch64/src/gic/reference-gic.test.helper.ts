/**
 * A reference model for comparison with the real GIC: the rules of a GICv3 with one security state, written as plainly
 * as possible over arrays of objects. It is slow, because it recomputes everything at each question.
 */
export interface ReferenceInterrupt {
  readonly intid: number;
  /** Owner of a private interrupt. */
  readonly owner: number | undefined;
  group: number;
  priority: number;
  enabled: boolean;
  edge: boolean;
  line: boolean;
  /** Pending because of an edge, an SGI or a software write, and not yet acknowledged. */
  remembered: boolean;
  active: boolean;
  /** A vCPU, or everyone. */
  route: number | 'any';
}

export interface ReferenceCpu {
  mask: number;
  bpr: [number, number];
  common: boolean;
  split: boolean;
  groups: [boolean, boolean];
  /** Acknowledged interrupts that have not ended yet, outermost first. */
  running: { readonly priority: number; readonly group: number }[];
}

export class ReferenceGic {
  readonly cpus: readonly ReferenceCpu[];
  readonly interrupts: readonly ReferenceInterrupt[];
  groups: [boolean, boolean] = [false, false];

  constructor(vcpus: number, intids: readonly number[]) {
    this.cpus = Array.from({ length: vcpus }, () => ({
      mask: 0,
      bpr: [2, 3],
      common: false,
      split: false,
      groups: [false, false],
      running: [],
    }));
    this.interrupts = intids.flatMap((intid) =>
      intid < 32 ? this.cpus.map((_, owner) => fresh(intid, owner)) : [fresh(intid, undefined)],
    );
  }

  find(intid: number, vcpu: number): ReferenceInterrupt {
    const found = this.interrupts.find((one) => one.intid === intid && (one.owner === undefined || one.owner === vcpu));
    if (found === undefined) throw new RangeError(`no interrupt ${intid}`);
    return found;
  }

  pending(one: ReferenceInterrupt): boolean {
    return one.remembered || (!one.edge && one.line);
  }

  setLine(one: ReferenceInterrupt, level: boolean): void {
    if (one.edge && level && !one.line) one.remembered = true;
    one.line = level;
  }

  runningPriority(vcpu: number): number {
    return Math.min(0xff, ...this.cpu(vcpu).running.map(({ priority }) => priority));
  }

  /** The best pending interrupt of a vCPU, whether or not it may be signalled. */
  highest(vcpu: number): ReferenceInterrupt | undefined {
    const cpu = this.cpu(vcpu);
    const mine = this.interrupts.filter(
      (one) =>
        this.pending(one) &&
        one.enabled &&
        !one.active &&
        this.groups[one.group] === true &&
        cpu.groups[one.group] === true &&
        this.#isFor(one, vcpu),
    );
    return [...mine].sort((a, b) => a.priority - b.priority || a.intid - b.intid)[0];
  }

  /** The interrupt that the vCPU's inputs signal. */
  signalled(vcpu: number): ReferenceInterrupt | undefined {
    const best = this.highest(vcpu);
    return best !== undefined && this.#beats(best, vcpu) ? best : undefined;
  }

  acknowledge(vcpu: number, group: number): number {
    const one = this.signalled(vcpu);
    if (one?.group !== group) return 1023;
    this.cpu(vcpu).running.push({ priority: this.#groupPriority(one.priority, group, vcpu), group });
    one.active = true;
    one.remembered = false;
    return one.intid;
  }

  end(vcpu: number, group: number, intid: number): void {
    const cpu = this.cpu(vcpu);
    const innermost = cpu.running.at(-1);
    if (innermost?.group !== group) return;
    cpu.running.pop();
    if (!cpu.split) this.find(intid, vcpu).active = false;
  }

  cpu(vcpu: number): ReferenceCpu {
    const cpu = this.cpus[vcpu];
    if (cpu === undefined) throw new RangeError(`no vCPU ${vcpu}`);
    return cpu;
  }

  #isFor(one: ReferenceInterrupt, vcpu: number): boolean {
    if (one.owner !== undefined) return one.owner === vcpu;
    if (one.route !== 'any') return one.route === vcpu;
    return this.cpus.findIndex((_, index) => this.#beats(one, index)) === vcpu;
  }

  #beats(one: ReferenceInterrupt, vcpu: number): boolean {
    const cpu = this.cpu(vcpu);
    if (cpu.groups[one.group] !== true || one.priority >= cpu.mask) return false;
    if (cpu.running.length === 0) return true;
    const running = this.runningPriority(vcpu);
    return this.#groupPriority(one.priority, one.group, vcpu) < this.#groupPriority(running, one.group, vcpu);
  }

  /**
   * The group priority: the bits above the binary point for group 0; for group 1, counted as in the Non-secure state.
   */
  #groupPriority(priority: number, group: number, vcpu: number): number {
    const { bpr, common } = this.cpu(vcpu);
    const subpriorityBits = group === 0 || common ? bpr[0] + 1 : bpr[1];
    return Math.floor(priority / 2 ** subpriorityBits) * 2 ** subpriorityBits;
  }
}

function fresh(intid: number, owner: number | undefined): ReferenceInterrupt {
  return {
    intid,
    owner,
    group: 0,
    priority: 0,
    enabled: false,
    edge: intid < 16,
    line: false,
    remembered: false,
    active: false,
    route: 0,
  };
}

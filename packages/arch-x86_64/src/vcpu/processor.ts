import type { Clock } from '@qvm/core/vdev';
import type { MachineServices } from '@qvm/core/architecture';
import { SystemOperation } from '@qvm/isa-x86_64';
import type { LocalApic } from '../apic/index.js';
import { CodeTarget } from '../segments/code-segment.js';
import { DescriptorTables } from '../segments/descriptor-tables.js';
import { FarTransfer } from '../segments/far-transfer.js';
import { FastCalls } from '../segments/fast-calls.js';
import { InterruptReturn } from '../segments/interrupt-return.js';
import { SegmentLoader } from '../segments/load-segment.js';
import { PrivilegedStacks } from '../segments/privileged-stack.js';
import { SegmentQueries } from '../segments/query.js';
import { SegmentInstructions } from '../segments/segment-instructions.js';
import { Stack } from '../segments/stack.js';
import { TableRegisters } from '../segments/table-registers.js';
import type { Controls } from '../state/controls.js';
import type { X86State } from '../state/x86-state.js';
import { ControlRegisters } from '../system/control-registers.js';
import type { X86Model } from '../system/cpu-model.js';
import { Cpuid } from '../system/cpuid.js';
import { DebugRegisters, Dr6 } from '../system/debug-registers.js';
import { ExtendedState } from '../system/extended-state.js';
import { FxState } from '../system/fx-state.js';
import { GuestFault } from '../system/guest-fault.js';
import { LinearMemory } from '../system/linear-memory.js';
import type { AccessPort } from '../system/linear-memory.js';
import type { Mmu } from '../system/mmu.js';
import { ModelSpecificRegisters } from '../system/model-specific-registers.js';
import { msrOffset } from '../system/msr-table.js';
import { PortInstructions } from '../system/port-instructions.js';
import type { Ports } from '../system/port-instructions.js';
import { SystemRegisters } from '../system/system-registers.js';
import { TimeStampCounter, TSC_HZ } from '../system/time-stamp-counter.js';
import type { TlbBanks } from '../system/tlb-banks.js';
import { TlbInstructions } from '../system/tlb-instructions.js';
import { Core } from './core.js';
import type { CodePosition } from './core.js';
import { ExceptionUnit } from './exceptions.js';
import type { Handlers } from './handlers.js';
import { InterruptDelivery } from './interrupt-delivery.js';
import { SystemOperands } from './operand.js';
import type { Outcome } from './outcome.js';
import { jumped, next } from './outcome.js';
import { ProgramInstructions } from './program-instructions.js';
import { TaskSwitch } from '../segments/task-switch.js';

/** The surroundings of the units of a vCPU. @experimental */
export interface ProcessorParts {
  readonly index: number;
  readonly vcpus: number;
  readonly model: X86Model;
  readonly memory: MachineServices['memory'];
  readonly clock: Clock;
  readonly state: X86State;
  readonly mmu: Mmu;
  readonly banks: TlbBanks;
  readonly controls: Controls;
  readonly port: AccessPort;
  readonly ports: Ports;
  readonly position: CodePosition;
  readonly apic: LocalApic;
  /** An exception cannot be delivered. */
  onTripleFault(): void;
  /** VMCALL and VMMCALL. */
  hypercall(conduit: 'vmcall' | 'vmmcall'): Outcome;
}

/**
 * The units of one vCPU that execute what generated code leaves to them, connected.
 *
 * @experimental
 */
export class Processor {
  readonly core: Core;
  readonly operands: SystemOperands;
  readonly exceptions: ExceptionUnit;
  readonly debug: DebugRegisters;
  readonly msrs: ModelSpecificRegisters;
  readonly tsc: TimeStampCounter;
  readonly loader: SegmentLoader;
  readonly segments: SegmentInstructions;
  readonly #handlers: readonly (() => Outcome)[];

  constructor(parts: ProcessorParts) {
    const { model, state, mmu, banks, controls, apic } = parts;
    const { features } = model;
    const fault = new GuestFault();
    const linear = new LinearMemory(parts.memory, state, parts.port, mmu, controls, fault);
    const core = (this.core = new Core(state, linear, controls, fault, parts.position));
    const operands = (this.operands = new SystemOperands(core));
    const tables = new DescriptorTables(core);
    const loader = (this.loader = new SegmentLoader(core, tables));
    const target = new CodeTarget(core, tables);
    const stacks = new PrivilegedStacks(core, tables, loader);
    const stack = new Stack(core);
    const control = new ControlRegisters(core, mmu, banks, features);
    const debug = (this.debug = new DebugRegisters(core));
    const tasks = new TaskSwitch(core, tables, loader, stack, target, {
      writeCr3: (lo) => control.writeCr3(lo, 0),
      endLocalBreakpoints: () => debug.endLocalBreakpoints(),
      reportTaskTrap: () => debug.report(Dr6.BT),
    });
    const delivery = new InterruptDelivery(core, tables, loader, target, stacks, stack, (selector, event) =>
      tasks.throughGate(selector, event),
    );
    this.exceptions = new ExceptionUnit(core, delivery, () => parts.onTripleFault());
    const far = new FarTransfer(core, tables, loader, target, stacks, stack, (segment, nested) =>
      tasks.through(segment, nested),
    );
    const returns = new InterruptReturn(core, tables, loader, target, stack, () => tasks.return());
    this.segments = new SegmentInstructions(
      core,
      operands,
      loader,
      new SegmentQueries(core, tables),
      far,
      returns,
      stack,
    );
    const tsc = (this.tsc = new TimeStampCounter(parts.clock, () => apic.tscChanged()));
    this.msrs = new ModelSpecificRegisters(core, control, apic, tsc, features);
    const cpuid = new Cpuid(state, model, {
      apicId: parts.index,
      vcpus: parts.vcpus,
      tscHz: TSC_HZ,
      apicEnabled: () => apic.enabled,
    });
    this.#handlers = table(core, {
      ...new SystemRegisters(core, operands, control, this.debug, this.msrs, cpuid, tsc, apic).handlers(),
      ...new TlbInstructions(core, operands, banks).handlers(),
      ...new PortInstructions(core, operands, parts.ports).handlers(),
      ...new FxState(core, operands).handlers(),
      ...new ExtendedState(core, operands, features).handlers(),
      ...new TableRegisters(core, operands, tables).handlers(),
      ...this.segments.handlers(),
      ...fastCallHandlers(core, operands),
      ...new ProgramInstructions(core, operands, stack, this.exceptions).handlers(),
      [SystemOperation.Vmcall]: () => parts.hypercall('vmcall'),
      [SystemOperation.Vmmcall]: () => parts.hypercall('vmmcall'),
    });
  }

  /** Executes an instruction: the operand of `Exit.System`. */
  execute(info: number): Outcome {
    this.operands.info = info;
    return (this.#handlers[info & 0xff] ?? this.#undefined)();
  }

  readonly #undefined = (): Outcome => next(this.core.fault.undefined());
}

/** The handlers in an array; operations without one are #UD. */
function table(core: Core, handlers: Handlers): readonly (() => Outcome)[] {
  const absent = (): Outcome => next(core.fault.undefined());
  const operations = Object.values(SystemOperation).filter(
    (value): value is SystemOperation => typeof value === 'number',
  );
  return operations.map((operation) => handlers[operation] ?? absent);
}

function fastCallHandlers(core: Core, operands: SystemOperands): Handlers {
  const calls = new FastCalls(core, {
    star: msrOffset('STAR'),
    lstar: msrOffset('LSTAR'),
    fmask: msrOffset('FMASK'),
    sysenterCs: msrOffset('SYSENTER_CS'),
    sysenterEsp: msrOffset('SYSENTER_ESP'),
    sysenterEip: msrOffset('SYSENTER_EIP'),
    kernelGsBase: msrOffset('KERNEL_GS_BASE'),
  });
  const wide = (): boolean => operands.size === 8;
  return {
    [SystemOperation.Syscall]: () => jumped(calls.syscall()),
    [SystemOperation.Sysret]: () => jumped(calls.sysret(wide())),
    [SystemOperation.Sysenter]: () => jumped(calls.sysenter()),
    [SystemOperation.Sysexit]: () => jumped(calls.sysexit(wide())),
    [SystemOperation.Swapgs]: () => next(calls.swapgs()),
  };
}

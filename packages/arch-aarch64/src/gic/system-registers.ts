import type { AttachedCpu, SystemRegisterHandler } from '../system/cpu-attachment.js';
import type { CpuInterface, Group } from './cpu-interface.js';
import type { GicCore } from './gic-core.js';
import { SPURIOUS } from './limits.js';

/** The values 0 to 1023 as bigints, made once so that a register access does not allocate. */
const VALUES: readonly bigint[] = Array.from({ length: SPURIOUS + 1 }, (_, value) => BigInt(value));

/** INTIDs are 24 bits wide in ICC_EOIRn_EL1 and ICC_DIR_EL1. */
const INTID_MASK = 0xff_ffff;
/** ICC_SRE_EL1: system registers only, no bypass (IHI 0069, 12.2). */
const SRE = 7;

/** One register of the CPU interface. An access in a missing direction is UNDEFINED. */
export interface IccRegister {
  readonly name: string;
  readonly description: string;
  read?(core: GicCore, cpu: CpuInterface): number;
  /** `value` is the register's low word. */
  write?(core: GicCore, cpu: CpuInterface, value: number): void;
  /** Replaces `write` for 64-bit registers. */
  writeLong?(core: GicCore, cpu: CpuInterface, value: bigint): void;
}

/** The CPU interface's registers (IHI 0069, 12.2). */
export const ICC_REGISTERS: readonly IccRegister[] = [
  {
    name: 'ICC_PMR_EL1',
    description: 'Priority mask: only higher priorities (lower numbers) are signalled',
    read: (_core, cpu) => cpu.priorityMask,
    write: (core, cpu, value) => {
      cpu.priorityMask = value;
      core.refreshCpu(cpu.index);
    },
  },
  {
    name: 'ICC_RPR_EL1',
    description: 'Running priority; 0xff when idle',
    read: (_core, cpu) => cpu.runningPriority,
  },
  {
    name: 'ICC_CTLR_EL1',
    description: 'CBPR and EOImode; 5 priority bits, 16 INTID bits, affinity 3',
    read: (_core, cpu) => cpu.control,
    write: (core, cpu, value) => {
      cpu.control = value;
      core.refreshCpu(cpu.index);
    },
  },
  {
    name: 'ICC_SRE_EL1',
    description: 'System registers are always on: 7',
    read: () => SRE,
    write: () => undefined,
  },
  {
    name: 'ICC_DIR_EL1',
    description: 'Deactivates an interrupt, with EOImode',
    write: (core, cpu, value) => core.deactivate(cpu, value & INTID_MASK),
  },
  ...groupRegisters(0),
  ...groupRegisters(1),
  sgiRegister('ICC_SGI0R_EL1', 0, 'Sends a group 0 SGI'),
  sgiRegister('ICC_SGI1R_EL1', 1, 'Sends a group 1 SGI'),
  sgiRegister('ICC_ASGI1R_EL1', 1, 'As ICC_SGI1R_EL1: there is no other security state'),
];

/** Connects every register of the CPU interface to its vCPU. */
export function attachCpuInterface(core: GicCore, cpu: CpuInterface, attached: AttachedCpu): void {
  for (const register of ICC_REGISTERS) attached.attachRegister(register.name, handlerOf(register, core, cpu));
}

function handlerOf(register: IccRegister, core: GicCore, cpu: CpuInterface): SystemRegisterHandler {
  const { read, write, writeLong } = register;
  return {
    ...(read !== undefined && { read: () => toValue(read(core, cpu)) }),
    ...(write !== undefined && { write: (value: bigint) => write(core, cpu, Number(BigInt.asUintN(32, value))) }),
    ...(writeLong !== undefined && { write: (value: bigint) => writeLong(core, cpu, value) }),
  };
}

function toValue(value: number): bigint {
  return VALUES[value] ?? BigInt(value >>> 0);
}

function groupRegisters(group: Group): readonly IccRegister[] {
  return [
    {
      name: `ICC_IAR${group}_EL1`,
      description: `Acknowledges the highest group ${group} interrupt`,
      read: (core, cpu) => core.acknowledge(cpu, group),
    },
    {
      name: `ICC_EOIR${group}_EL1`,
      description: `Drops the running priority of group ${group}; deactivates too, without EOImode`,
      write: (core, cpu, value) => core.endOfInterrupt(cpu, group, value & INTID_MASK),
    },
    {
      name: `ICC_HPPIR${group}_EL1`,
      description: `The highest pending interrupt, when it is of group ${group}`,
      read: (core, cpu) => core.highestPending(cpu, group),
    },
    {
      name: `ICC_BPR${group}_EL1`,
      description: `Binary point of group ${group}`,
      read: (_core, cpu) => cpu.binaryPoint(group),
      write: (core, cpu, value) => {
        cpu.setBinaryPoint(group, value);
        core.refreshCpu(cpu.index);
      },
    },
    {
      name: `ICC_AP${group}R0_EL1`,
      description: `Active priorities of group ${group}`,
      read: (_core, cpu) => cpu.activePriorities(group),
      write: (core, cpu, value) => {
        cpu.setActivePriorities(group, value);
        core.refreshCpu(cpu.index);
      },
    },
    {
      name: `ICC_IGRPEN${group}_EL1`,
      description: `Enables group ${group}`,
      read: (_core, cpu) => (cpu.groups >>> group) & 1,
      write: (core, cpu, value) => {
        cpu.enableGroup(group, (value & 1) !== 0);
        core.refreshCpu(cpu.index);
      },
    },
  ];
}

function sgiRegister(name: string, group: Group, description: string): IccRegister {
  return { name, description, writeLong: (core, cpu, value) => sendSgi(core, cpu, group, value) };
}

/**
 * ICC_SGIxR_EL1 (IHI 0069, 12.2): IRM in bit 40 sends to all but the sender; else Aff3 (55–48), Aff2 (39–32) and
 * Aff1 (23–16) select a cluster and bits 15–0 its members. INTID is in bits 27–24.
 */
function sendSgi(core: GicCore, sender: CpuInterface, group: Group, value: bigint): void {
  const low = Number(BigInt.asUintN(32, value));
  const high = Number(BigInt.asUintN(32, value >> 32n));
  const sgi = (low >>> 24) & 15;
  const toOthers = (high & 0x100) !== 0;
  const cluster = (((high & 0xff_0000) << 8) | ((high & 0xff) << 16) | ((low >>> 8) & 0xff00)) >>> 0;
  for (const cpu of core.cpus) {
    const affinity = core.affinities[cpu.index] ?? 0;
    const listed =
      (affinity & 0xffff_ff00) >>> 0 === cluster && (affinity & 0xff) < 16 && ((low >>> (affinity & 0xff)) & 1) === 1;
    if (toOthers ? cpu !== sender : listed) core.sendSgi(cpu.index, sgi, group);
  }
}

import { hexadecimal } from '@qvm/core';
import type { Json } from '@qvm/core';
import type { Fault, FaultLog } from './fault-log.js';

/** A fault for reports, in the terms of the architecture. @experimental */
export interface FaultDescription {
  /** The class of the exception in a few words: `data abort`. */
  readonly exception: string;
  /** Address of the instruction. */
  readonly pc: bigint;
  /** The reported address; absent for exceptions that report none. */
  readonly address?: bigint;
  /** Address, instruction and reason: `at 0x40000000, EL1: …`. */
  readonly text: string;
}

type Describe = (fault: Fault) => FaultDescription;

/** Statistics of a vCPU's faults for `stats` of the VM. Addresses are hexadecimal text. */
export function faultStats({ taken, repeated, endless, last }: FaultLog, describe: Describe): Json {
  return { taken, repeated, endless, last: last === undefined ? null : lastFault(last, describe(last)) };
}

function lastFault({ syndrome, level }: Fault, { exception, pc, address, text }: FaultDescription): Json {
  return {
    exception,
    pc: hexadecimal(pc),
    ...(address === undefined ? {} : { address: hexadecimal(address) }),
    level,
    syndrome: hexadecimal(syndrome),
    text,
  };
}

/** Describes the start and the repeated exception of an endless loop; empty if there is none. */
export function loopReport({ loop }: FaultLog, describe: Describe): string {
  if (loop === undefined) return '';
  const first = describe(loop.first).text;
  const latest = describe(loop.latest).text;
  return first === latest ? `It began ${first}.` : `It began ${first}. Now, ${latest}.`;
}

import type { DeviceTreeContext, DeviceTreeNode, RegisterSpec } from '@qvm/core/vdev';

type IdName = `PeriphID${0 | 1 | 2 | 3}` | `PCellID${0 | 1 | 2 | 3}`;

/** The component identification of all Arm PrimeCells. */
const PRIMECELL_ID = [0x0d, 0xf0, 0x05, 0xb1] as const;

/**
 * The identification registers at the end of a PrimeCell's 4 KiB, by which operating systems select a driver:
 * PeriphID0–3 at 0xfe0 and PCellID0–3 at 0xff0.
 *
 * @param peripheral - the four bytes of the peripheral's identification, lowest first.
 * @experimental
 */
export function primeCellRegisters(
  peripheral: readonly [number, number, number, number],
): Readonly<Record<IdName, RegisterSpec<unknown>>> {
  return {
    PeriphID0: idRegister(0xfe0, peripheral[0], 'Part number, bits 7–0'),
    PeriphID1: idRegister(0xfe4, peripheral[1], 'Designer, bits 3–0, above part number, bits 11–8'),
    PeriphID2: idRegister(0xfe8, peripheral[2], 'Revision, above designer, bits 7–4'),
    PeriphID3: idRegister(0xfec, peripheral[3], 'Configuration'),
    PCellID0: idRegister(0xff0, PRIMECELL_ID[0], 'PrimeCell identification'),
    PCellID1: idRegister(0xff4, PRIMECELL_ID[1], 'PrimeCell identification'),
    PCellID2: idRegister(0xff8, PRIMECELL_ID[2], 'PrimeCell identification'),
    PCellID3: idRegister(0xffc, PRIMECELL_ID[3], 'PrimeCell identification'),
  };
}

function idRegister(offset: number, value: number, description: string): RegisterSpec<unknown> {
  const text = `${description}: 0x${value.toString(16).padStart(2, '0')}`;
  return { offset, access: 'ro', bits: 8, description: text, read: () => value };
}

/**
 * Size of a PrimeCell's register range in bytes.
 *
 * @experimental
 */
export const PRIMECELL_SIZE = 0x1000;

/**
 * The device-tree node of a PrimeCell with one level interrupt, as on the `virt` board. All of its clocks are the 24
 * MHz `apb-pclk`.
 *
 * @param type - name of the part, such as `pl011`.
 * @experimental
 */
export function primeCellNode(
  type: string,
  clockNames: readonly string[],
  resources: { readonly base: number; readonly interrupt: number },
  context: DeviceTreeContext,
): DeviceTreeNode {
  const clock = context.phandle('apb-pclk');
  return {
    name: `${type}@${resources.base.toString(16)}`,
    properties: {
      compatible: [`arm,${type}`, 'arm,primecell'],
      reg: { cells: context.reg(resources.base, PRIMECELL_SIZE) },
      interrupts: { cells: context.interruptCells(resources.interrupt, 'level') },
      'clock-names': clockNames,
      clocks: { cells: clockNames.map(() => clock) },
    },
  };
}

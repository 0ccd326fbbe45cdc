import { QvmError } from '../errors/qvm-error.js';
import { defineOptions, option, type OptionDeclarations, type OptionsOf } from '../options/option.js';

/**
 * The options that every vdev has in addition to those of its type. The VM implements them.
 *
 * @stable
 */
export const COMMON_VDEV_OPTIONS = defineOptions({
  /** Guest-physical address of the first range of registers. Absent: the board chooses. */
  base: option.address({ description: 'Guest-physical address of its registers', aliases: ['loc'] }),
  /** First port of the first range of I/O ports. Absent: the board chooses. */
  ports: option.number({
    min: 0,
    max: 0xffff,
    description: 'First of its I/O ports, on machines that have them',
  }),
  /** Number of the first interrupt. Absent: the board chooses. */
  irq: option.number({
    min: 0,
    max: 0xffff,
    description: "Interrupt number at the guest's interrupt controller",
    aliases: ['intr'],
  }),
  /** Name of the instance, unique in the VM. Absent: type and instance number, such as `pl011-0`. */
  name: option.string({ description: 'Name of the instance, in messages and statistics' }),
});

/**
 * Values of the options that every vdev has.
 *
 * @stable
 */
export type CommonVdevOptions = Partial<OptionsOf<typeof COMMON_VDEV_OPTIONS>>;

/**
 * The options that a vdev type gets: the values of its own options, and of the common ones.
 *
 * @stable
 */
export type VdevOptions<D extends OptionDeclarations = OptionDeclarations> = OptionsOf<D> & CommonVdevOptions;

/**
 * All options of a vdev type, its own first.
 *
 * @throws `QvmError` `vdev.declaration` for options that were not made by {@link option}, as can happen in JavaScript
 * plugins.
 * @beta
 */
export function allVdevOptions<D extends OptionDeclarations>({
  type,
  options,
}: {
  readonly type: string;
  readonly options: D;
}): D & typeof COMMON_VDEV_OPTIONS {
  const declared = Object.values(options).every((option) => typeof option.read === 'function');
  if (!declared)
    throw new QvmError('vdev.declaration', `The options of the vdev type ${type} are not declared by "option".`);
  return { ...options, ...COMMON_VDEV_OPTIONS };
}

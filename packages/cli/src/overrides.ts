import { resolve } from 'node:path';
import { ConfigError, findingAt, MAX_CPUS, PAGE_SIZE, type OptionSetting, type VmSpec } from '@qvm/config';
import { nearestName, parseSize } from '@qvm/core/options';

/** Changes to a configuration by the command line. */
export interface OverrideFlags {
  readonly cmdline?: string;
  /** Settings of the form `KEY=VALUE`. */
  readonly set?: readonly string[];
}

const PLACE = { file: '<command line>', line: 1, column: 1 };

/**
 * Applies the changes of the command line to a specification, in order.
 *
 * @throws ConfigError
 */
export function override(spec: VmSpec, { cmdline, set }: OverrideFlags): VmSpec {
  const changed = (set ?? []).reduce(applySetting, spec);
  return cmdline === undefined ? changed : { ...changed, cmdline };
}

const KEYS: Readonly<Record<string, (spec: VmSpec, value: string, setting: string) => VmSpec>> = {
  name: (spec, value) => ({ ...spec, name: value }),
  image: (spec, value) => ({ ...spec, image: resolve(value) }),
  entry: (spec, value) => ({ ...spec, entry: value }),
  initrd: (spec, value) => ({ ...spec, initrd: resolve(value) }),
  dtb: (spec, value) => ({ ...spec, dtb: resolve(value) }),
  cmdline: (spec, value) => ({ ...spec, cmdline: value }),
  board: (spec, value) => ({ ...spec, board: value }),
  cpumodel: (spec, value) => ({ ...spec, cpumodel: value }),
  cpus: (spec, value, setting) => ({ ...spec, cpus: cpusOf(value, setting) }),
  ram: (spec, value, setting) => ({
    ...spec,
    ram: [{ ...spec.ram[0], size: sizeOf(value, setting) }, ...spec.ram.slice(1)],
  }),
};

/** Keys that `--set KEY=VALUE` can change, besides options of vdevs. */
export const SETTING_KEYS: readonly string[] = Object.keys(KEYS);

function applySetting(spec: VmSpec, setting: string): VmSpec {
  const equals = setting.indexOf('=');
  if (equals <= 0) throw wrong(setting, 'there is no "="', 'right would be --set cpus=2 or --set pl011.hostdev=pty');
  const key = setting.slice(0, equals);
  const value = setting.slice(equals + 1);
  const dot = key.lastIndexOf('.');
  if (dot > 0)
    return setOption(spec, key.slice(0, dot), {
      name: key.slice(dot + 1),
      value,
      at: PLACE,
      valueAt: PLACE,
      replaces: true,
    });
  const change = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  if (change !== undefined) return change(spec, value, setting);
  const nearest = nearestName(key, Object.keys(KEYS));
  const hint = nearest === undefined ? `there are ${Object.keys(KEYS).join(', ')}` : `did you mean "${nearest}"?`;
  throw wrong(setting, `"${key}" cannot be set`, hint);
}

/** Sets an option of all vdevs of a type; adds a vdev if there is none. */
function setOption(spec: VmSpec, type: string, option: OptionSetting): VmSpec {
  if (!spec.vdevs.some((vdev) => vdev.type === type)) {
    const source = { at: PLACE, fields: {} };
    return { ...spec, vdevs: [...spec.vdevs, { type, options: [option], source }] };
  }
  const vdevs = spec.vdevs.map((vdev) => {
    if (vdev.type !== type) return vdev;
    return { ...vdev, options: [...vdev.options.filter(({ name }) => name !== option.name), option] };
  });
  return { ...spec, vdevs };
}

function cpusOf(value: string, setting: string): number {
  const cpus = /^[0-9]{1,3}$/.test(value) ? Number(value) : 0;
  if (cpus < 1 || cpus > MAX_CPUS)
    throw wrong(setting, `"${value}" is no number of vCPUs`, `1 to ${MAX_CPUS} are possible`);
  return cpus;
}

function sizeOf(value: string, setting: string): number {
  const result = parseSize(value);
  if (!result.ok) throw wrong(setting, result.message, result.hint);
  if (result.value === 0 || result.value % PAGE_SIZE !== 0) {
    throw wrong(setting, `${value} is no multiple of ${PAGE_SIZE}`, 'right would be ram=512M');
  }
  return result.value;
}

function wrong(setting: string, message: string, hint: string): ConfigError {
  return new ConfigError([findingAt(PLACE, 'error', 'cli.set', `--set ${setting}: ${message}`, hint)]);
}

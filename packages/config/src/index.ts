export { CONFIG_CODES, type ConfigCode } from './codes.js';
export { ConfigError, type Finding, findingAt, formatFinding, type Severity } from './finding.js';
export {
  ADDRESS_SPACE_END,
  LINUX_CMDLINE_LENGTH,
  MAX_CPU_MODEL_LENGTH,
  MAX_CPUS,
  MAX_DEPTH,
  MAX_FILE_BYTES,
  MAX_FILES,
  MAX_FINDINGS,
  MAX_HOST_CPU,
  MAX_NAME_LENGTH,
  MAX_PATH_LENGTH,
  MAX_REGIONS,
  MAX_VALUES,
  PAGE_SIZE,
  PRIORITY_RANGE,
} from './limits.js';
export { conflictFinding, describeConflict, type FileConflict, fileConflicts } from './files/file-conflicts.js';
export { type FileAccess, type FileUse, fileUses, switchFiles } from './files/file-use.js';
export { type FieldSources, type Located, NO_SOURCE, type SourceLocation, sourceOf } from './location.js';
export { type OptionContext, refuseCombination, type ResolvedOptions, resolveOptions } from './options.js';
export { lintConfigs } from './lint/lint.js';
export type { BoardFacts, LintExample, LintFacts, LintRule, LintTarget, LintVm, VdevFacts } from './lint/lint-rule.js';
export { LINT_RULES } from './lint/rules/index.js';
export type { VdevOptionsLookup } from './line/line-reader.js';
export { type LoadedConfigs, loadConfigs, type LoadOptions } from './load.js';
export { overlayVm } from './overlay.js';
export {
  checkVmConfig,
  type Config,
  type ConfigForm,
  examineConfig,
  type ExaminedConfig,
  type ExaminedVmConfig,
  examineVmConfig,
  formOf,
  parseConfig,
  type ParsedConfig,
  type ParsedVmConfig,
  type ParseOptions,
  parseVmConfig,
} from './parse.js';
export type { Environment } from './paths.js';
export { ARCHITECTURES, type ArchitectureName } from './names.js';
export { systemConfigJsonSchema, vmConfigJsonSchema } from './schema.js';
export type {
  CpuSpec,
  LoadSpec,
  LoggerSpec,
  OptionSetting,
  RamSpec,
  ReserveSpec,
  UnsupportedSpec,
  VdevSpec,
  VmField,
  VmFragment,
  VmSpec,
} from './spec.js';
export type { HostSpec, SharedMemorySpec, SwitchSpec, SystemSpec, SystemVmSpec } from './system.js';
export {
  LOG_DESTINATIONS,
  LOG_FILTERS,
  type LogDestination,
  type LogFilter,
  RESTART_POLICIES,
  type RestartPolicy,
  UNSUPPORTED_KINDS,
  UNSUPPORTED_POLICIES,
  type UnsupportedKind,
  type UnsupportedPolicy,
} from './words.js';
export { convertConfig, writeConfig, type WriteOptions, type WrittenConfig } from './write/convert.js';

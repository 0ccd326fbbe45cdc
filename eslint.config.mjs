import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { publicModules } from './scripts/lib/entries.mjs';

/** Packages that must also run in a browser: no Node module, no Node global, but in NODE. */
const PORTABLE = [
  'core',
  'jit',
  'engine',
  'softfloat',
  'config',
  'isa-aarch64',
  'isa-x86_64',
  'assembly',
  'asm-aarch64',
  'asm-x86_64',
  'arch-aarch64',
  'arch-x86_64',
  'boards',
  'acpi',
  'pci',
  'vdev-legacy',
  'vdev-passthrough',
  'vdev-shmem',
  'vdev-virtio',
  'trace',
  'vswitch',
];

/** Folders of portable packages for files that need Node, with an entry of their own. */
const NODE = ['packages/*/src/node/**'];

/** The names by which a package is imported that are longer than its own. */
const subPaths = publicModules()
  .map(({ specifier }) => specifier)
  .filter((specifier) => specifier.split('/').length > 2);

const TESTS = [
  '**/*.test.ts',
  '**/*.test.helper.ts',
  '**/*.test.util.ts',
  'packages/*/src/testing/**',
  'packages/*/src/machine-tests/**',
  'packages/isa-testing/src/**',
];

const portableFiles = PORTABLE.map((name) => `packages/${name}/src/**/*.ts`);

const RETURN_TYPE = 'Exports say what they return.';

/** Mistakes that the compiler does not see. */
const language = {
  'array-callback-return': 'error',
  eqeqeq: 'error',
  'no-async-promise-executor': 'error',
  'no-cond-assign': 'error',
  'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
  'no-control-regex': 'error',
  'no-debugger': 'error',
  'no-duplicate-case': 'error',
  'no-empty': 'error',
  'no-eval': 'error',
  'no-extend-native': 'error',
  'no-irregular-whitespace': 'error',
  'no-loss-of-precision': 'error',
  'no-new-func': 'error',
  'no-self-compare': 'error',
  'no-sparse-arrays': 'error',
  'no-unmodified-loop-condition': 'error',
  'no-unreachable-loop': 'error',
  'no-unsafe-finally': 'error',
  'no-useless-catch': 'error',
  'no-useless-rename': 'error',
  'no-var': 'error',
  'object-shorthand': 'error',
  'prefer-const': ['error', { ignoreReadBeforeAssign: true }],
};

/** Conventions of every package. */
const contract = {
  '@typescript-eslint/consistent-type-imports': 'error',
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/prefer-readonly': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  // The compiler reports unused names, and knows about the ones that start with "_".
  '@typescript-eslint/no-unused-vars': 'off',
  // Numbers in messages are the rule here: addresses, counts, positions.
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  // Fields of encodings are plain numbers, compared with the named values of the manual.
  '@typescript-eslint/no-unsafe-enum-comparison': 'off',
  // Unions that name the known words of an open set ('hvc' | string) are documentation.
  '@typescript-eslint/no-redundant-type-constituents': 'off',
  // Whatever was thrown gets printed.
  '@typescript-eslint/no-base-to-string': 'off',
  // Our interfaces are kept by closures and frozen objects, which have no "this" to lose.
  '@typescript-eslint/unbound-method': 'off',
  // Wrong for us: it removes assertions that the native compiler needs.
  '@typescript-eslint/no-unnecessary-type-assertion': 'off',
  // An async method without await is how an interface's promise is kept by a simple implementation.
  '@typescript-eslint/require-await': 'off',
  'no-restricted-syntax': [
    'error',
    { selector: 'ExportDefaultDeclaration', message: 'Export by name: one name everywhere.' },
    { selector: 'ExportAllDeclaration[source.value=/^[^.]/]', message: 'Name what comes from another package.' },
    {
      // A maker of functions is exempt: what it returns has its types written on it.
      selector:
        "ExportNamedDeclaration > FunctionDeclaration:not([returnType])[body.body.0.argument.type!='FunctionExpression']",
      message: RETURN_TYPE,
    },
    {
      selector:
        "ExportNamedDeclaration > ClassDeclaration > ClassBody > MethodDefinition[kind='method'][key.type!='PrivateIdentifier'] > FunctionExpression:not([returnType])",
      message: RETURN_TYPE,
    },
  ],
  'no-restricted-imports': [
    'error',
    {
      patterns: [
        { regex: `^(?!(${subPaths.join('|')})$)@qvm/[^/]+/`, message: 'Only the front door of a package is open.' },
      ],
    },
  ],
};

const nodeOnly = {
  'no-restricted-globals': ['error', 'Buffer', 'process', 'require', 'global', '__dirname', '__filename'],
  'no-console': 'error',
};

export default defineConfig(
  {
    ignores: [
      '**/dist/**',
      'packages/*/lib/**',
      '**/node_modules/**',
      '**/generated/**',
      // AssemblyScript: TypeScript's types do not apply.
      'packages/*/assembly/**',
      'docs/api/**',
      'coverage/**',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  { files: ['**/*.ts', '**/*.mjs'], rules: language },
  {
    files: ['packages/*/src/**/*.ts', 'examples/*/src/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: contract,
  },
  {
    // The browser test finds out whether its page forbids to make code from text.
    files: ['browser-test/boot-embedded.mjs'],
    rules: { 'no-new-func': 'off' },
  },
  {
    files: TESTS,
    // Jest's asymmetric matchers are "any" by their types.
    rules: { '@typescript-eslint/no-unsafe-argument': 'off', '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  { files: portableFiles, ignores: [...TESTS, ...NODE], rules: nodeOnly },
);

/** The interpreter of A64, as `unpackInterpreter` takes it: written by the build, from `a64InstructionSet`. */
export declare const INTERPRETER: string;

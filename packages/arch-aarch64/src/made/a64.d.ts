/** The interpreter of A64, as `packInterpreter` gives it: written by the build, from `a64InstructionSet`. */
export declare const INTERPRETER: string;

/** How a machine numbers calls of the kernel, and how programs of it are marked. */
interface Machine {
  readonly mark: number;
  readonly socket: number;
  /** Calls that are refused whatever they ask for. */
  readonly refused: readonly number[];
}

const IO_URING_SETUP = 425;
/** The way in which old 32-bit programs ask for every kind of socket: which one cannot be seen by a filter. */
const SOCKETCALL_386 = 102;

/** Refused are `add_key`, `request_key`, `keyctl` and `io_uring_setup`. */
const MACHINES: readonly Machine[] = [
  { mark: 0xc000003e, socket: 41, refused: [248, 249, 250, IO_URING_SETUP] },
  { mark: 0x40000003, socket: 359, refused: [286, 287, 288, IO_URING_SETUP, SOCKETCALL_386] },
  { mark: 0xc00000b7, socket: 198, refused: [217, 218, 219, IO_URING_SETUP] },
  { mark: 0x40000028, socket: 281, refused: [309, 310, 311, IO_URING_SETUP] },
];

const AF_VSOCK = 40;
/** From here on the calls of amd64 are those of its second numbering, which hardly any kernel has. */
const X32_BIT = 0x40000000;
const [EPERM, ENOSYS, EAFNOSUPPORT] = [1, 38, 97];
/** Where a filter finds the call, the machine, and the first argument's lower half. */
const [CALL_AT, MARK_AT, ARGUMENT_AT] = [0, 4, 16];

/**
 * A seccomp filter against calls that lead past the namespaces: sockets to the hypervisor and to services of this host that
 * belong to no network (`AF_VSOCK`), io_uring, which would make them unseen, and the kernel's keys, which all commands of a
 * user share. Every other call is let through.
 */
export function callFilter(): Uint8Array {
  const blocks = MACHINES.flatMap((machine) => {
    const block = blockFor(machine);
    return [jumpUnlessEqual(machine.mark, block.length), ...block];
  });
  return Buffer.concat([load(MARK_AT), ...blocks, allow()]);
}

function blockFor({ socket, refused }: Machine): readonly Buffer[] {
  return [
    load(CALL_AT),
    jumpUnlessAtLeast(X32_BIT, 1),
    refuse(ENOSYS),
    ...refused.flatMap((call) => [jumpUnlessEqual(call, 1), refuse(EPERM)]),
    ...[jumpUnlessEqual(socket, 3), load(ARGUMENT_AT), jumpUnlessEqual(AF_VSOCK, 1), refuse(EAFNOSUPPORT)],
    allow(),
  ];
}

function load(at: number): Buffer {
  return instruction(0x20, 0, at);
}

function jumpUnlessEqual(value: number, over: number): Buffer {
  return instruction(0x15, over, value);
}

function jumpUnlessAtLeast(value: number, over: number): Buffer {
  return instruction(0x35, over, value);
}

function refuse(errno: number): Buffer {
  return instruction(0x06, 0, 0x00050000 + errno);
}

function allow(): Buffer {
  return instruction(0x06, 0, 0x7fff0000);
}

/** @param over how many instructions are left out where a comparison does not hold */
function instruction(code: number, over: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(over, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}

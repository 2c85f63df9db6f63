using System.Runtime.InteropServices;

namespace Adit.Interop.Linux;

/// <content>io_uring, for which the C library has no functions. The numbers of the calls are the same on every architecture.</content>
public static unsafe partial class Libc
{
    private const long SetupNumber = 425;
    private const long EnterNumber = 426;
    private const long RegisterNumber = 427;

    /// <returns>A descriptor, close-on-exec, or -1.</returns>
    public static int io_uring_setup(uint entries, RingParameters* parameters) =>
        (int)syscall(SetupNumber, (nint)entries, parameters, 0, 0, null, 0);

    /// <summary>Hands over what was submitted, waits for completions. Blocks.</summary>
    /// <returns>How many were handed over, or -1.</returns>
    public static int io_uring_enter(int ring, uint submitCount, uint minCompletions, uint flags) =>
        (int)syscall(EnterNumber, ring, (void*)submitCount, (nint)minCompletions, (nint)flags, null, 0);

    public static int io_uring_register(int ring, uint operation, void* argument, uint count) =>
        (int)syscall(RegisterNumber, ring, (void*)operation, (nint)argument, (nint)count, null, 0);

    public const uint IORING_SETUP_R_DISABLED = 1u << 6;
    public const uint IORING_SETUP_SQE128 = 1u << 10;
    public const uint IORING_SETUP_SINGLE_ISSUER = 1u << 12;
    public const uint IORING_SETUP_DEFER_TASKRUN = 1u << 13;
    public const uint IORING_FEAT_SINGLE_MMAP = 1;
    public const uint IORING_ENTER_GETEVENTS = 1;
    public const uint IORING_REGISTER_ENABLE_RINGS = 12;
    public const byte IORING_OP_URING_CMD = 46;
    public const long IORING_OFF_SQ_RING = 0;
    public const long IORING_OFF_SQES = 0x1000_0000;

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(long number, nint first, void* second, nint third, nint fourth, void* fifth, nuint sixth);
}

using System.Buffers;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Adit.Interop.Linux;

namespace Adit.TestKit.Rings;

/// <summary>An io_uring, for which .NET has no binding: requests go to the kernel one at a time and are waited for when their result is wanted. The
/// buffers may be any memory, also that of a pin.</summary>
/// <remarks>For one thread at a time. The caller keeps a buffer pinned from <see cref="Submit"/> to <see cref="Wait"/>, and registered ones until the
/// ring is disposed.</remarks>
public sealed unsafe partial class IoRing : IDisposable
{
    private const uint EntryCount = 8;

    private readonly int _descriptor;
    private readonly RingParameters _parameters;
    private readonly byte* _submissions;
    private readonly nuint _submissionBytes;
    private readonly byte* _completions;
    private readonly nuint _completionBytes;
    private readonly RingRequest* _requests;

    /// <exception cref="Win32Exception">EPERM: kernel.io_uring_disabled forbids it. ENOSYS, ENOMEM.</exception>
    public IoRing()
    {
        fixed (RingParameters* parameters = &_parameters)
        {
            _descriptor = (int)Checked(Call(RingNumbers.SetupCall, (long)EntryCount, (long)parameters, 0, 0, 0, 0), "io_uring_setup");
        }

        _submissionBytes = _parameters.Submission.Array + (_parameters.SubmissionCount * sizeof(uint));
        _completionBytes = _parameters.Completion.Entries + (nuint)(_parameters.CompletionCount * sizeof(RingCompletion));
        _submissions = Map(_submissionBytes, RingNumbers.SubmissionRing);
        _completions = Map(_completionBytes, RingNumbers.CompletionRing);
        _requests = (RingRequest*)Map((nuint)(_parameters.SubmissionCount * sizeof(RingRequest)), RingNumbers.SubmissionEntries);
    }

    /// <summary>Has the kernel keep the pages of a buffer at hand for <see cref="RingOperation.ReadFixed"/> and
    /// <see cref="RingOperation.WriteFixed"/>: it becomes the ring's buffer 0.</summary>
    public void Register(MemoryHandle buffer, int lengthBytes)
    {
        long* vector = stackalloc long[2] { (long)buffer.Pointer, lengthBytes };
        Checked(Call(RingNumbers.RegisterCall, _descriptor, RingNumbers.RegisterBuffers, (long)vector, 1, 0, 0), "io_uring_register");
    }

    /// <summary>Hands a request to the kernel.</summary>
    public void Submit(RingOperation operation, SafeHandle file, MemoryHandle buffer, int lengthBytes, long offsetBytes)
    {
        uint* tail = (uint*)(_submissions + _parameters.Submission.Tail);
        uint slot = *tail & *(uint*)(_submissions + _parameters.Submission.Mask);
        _requests[slot] = new RingRequest
        {
            Operation = operation,
            Descriptor = (int)file.DangerousGetHandle(),
            OffsetBytes = offsetBytes,
            Address = (ulong)buffer.Pointer,
            LengthBytes = (uint)lengthBytes,
        };
        ((uint*)(_submissions + _parameters.Submission.Array))[slot] = slot;
        Volatile.Write(ref *tail, *tail + 1);
        Checked(Call(RingNumbers.EnterCall, _descriptor, 1, 0, 0, 0, 0), "io_uring_enter");
    }

    /// <summary>Waits for the request that ends next.</summary>
    /// <returns>Bytes done, or a negative errno.</returns>
    public int Wait()
    {
        uint* head = (uint*)(_completions + _parameters.Completion.Head);
        while (Volatile.Read(ref *(uint*)(_completions + _parameters.Completion.Tail)) == *head)
        {
            Checked(Call(RingNumbers.EnterCall, _descriptor, 0, 1, RingNumbers.WaitForCompletions, 0, 0), "io_uring_enter");
        }

        uint slot = *head & *(uint*)(_completions + _parameters.Completion.Mask);
        int result = ((RingCompletion*)(_completions + _parameters.Completion.Entries))[slot].Result;
        Volatile.Write(ref *head, *head + 1);
        return result;
    }

    public void Dispose()
    {
        _ = Libc.munmap(_requests, (nuint)(_parameters.SubmissionCount * sizeof(RingRequest)));
        _ = Libc.munmap(_completions, _completionBytes);
        _ = Libc.munmap(_submissions, _submissionBytes);
        _ = Close(_descriptor);
    }

    private byte* Map(nuint lengthBytes, long offsetBytes)
    {
        void* start = Libc.mmap(null, lengthBytes, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, _descriptor, offsetBytes);
        return start == Libc.MAP_FAILED ? throw new Win32Exception(Marshal.GetLastPInvokeError(), "the ring cannot be mapped") : (byte*)start;
    }

    private static long Checked(long result, string call) =>
        result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError(), $"{call}: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Call(long number, long first, long second, long third, long fourth, long fifth, long sixth);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}

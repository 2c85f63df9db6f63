using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Session;

/// <summary>Where requests come from and replies go. Used by all readers at once.</summary>
internal unsafe interface ITransport : IDisposable
{
    /// <summary>Waits for a request.</summary>
    /// <returns>ENODEV or ECONNABORTED: there will be none any more. EINTR, EAGAIN, ENOENT: none this time.</returns>
    Errno Receive(byte* buffer, int capacityBytes, out int lengthBytes);

    /// <summary>A request waits.</summary>
    bool HasRequest { get; }

    /// <summary>Sends one reply or notification, gathered from parts.</summary>
    /// <returns>ENOENT: nobody waits for it any more. EFAULT: a part is not readable; the kernel has failed the request.
    /// EINVAL: malformed, the request is still unanswered.</returns>
    Errno Send(IoVector* parts, int partCount);
}

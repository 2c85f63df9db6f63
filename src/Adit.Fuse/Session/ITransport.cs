using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.Fuse.Session;

/// <summary>Where requests come from and replies go. The classic one is used by all readers at once, of the others each reader has one.</summary>
internal unsafe interface ITransport : IDisposable
{
    /// <summary>Waits for a request.</summary>
    /// <param name="buffer">Where it may be put; the data of a write is then on a page.</param>
    /// <param name="capacityBytes">Of the buffer.</param>
    /// <param name="request">Where it begins: at the buffer, or up to a page before it or behind.</param>
    /// <param name="lengthBytes">Its length.</param>
    /// <returns>ENODEV or ECONNABORTED: there will be none any more. EINTR, EAGAIN, ENOENT: none this time.</returns>
    Errno Receive(byte* buffer, int capacityBytes, out byte* request, out int lengthBytes);

    /// <summary>A request waits.</summary>
    bool HasRequest { get; }

    /// <summary>Sends one reply or notification, gathered from parts.</summary>
    /// <returns>ENOENT: nobody waits for it any more. EFAULT: a part is not readable; the kernel has failed the request.
    /// EINVAL: malformed, the request is still unanswered.</returns>
    Errno Send(IoVector* parts, int partCount);
}

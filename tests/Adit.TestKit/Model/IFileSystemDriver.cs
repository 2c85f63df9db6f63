using Adit.Interop;

namespace Adit.TestKit.Model;

/// <summary>What a sequence of operations can be run on beside the model: a volume through the library, a mount.</summary>
public interface IFileSystemDriver : IDisposable
{
    /// <summary>Bytes that the last write wrote, also when it failed.</summary>
    int LastWrittenBytes { get; }

    /// <summary>The bytes of the last <see cref="ReadOperation"/>.</summary>
    ReadOnlySpan<byte> LastRead { get; }

    Errno Apply(FileOperation operation);

    /// <summary>Everything that can be seen now.</summary>
    ObservedState Observe();
}

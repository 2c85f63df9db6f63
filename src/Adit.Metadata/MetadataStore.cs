using Adit.Format;
using Adit.Interop;
using Adit.Media;
using Adit.Metadata.Space;
using Adit.Metadata.Transactions;
using Adit.Metadata.Trees;

namespace Adit.Metadata;

public sealed partial class MetadataStore : IDisposable
{
    public static void Format(Medium medium, FormatOptions options) => throw new NotImplementedException();

    public static MetadataStore Open(Medium medium, StoreOptions options) => throw new NotImplementedException();

    public Medium Medium => throw new NotImplementedException();

    public StoreOptions Options => throw new NotImplementedException();

    public bool IsReadOnly => throw new NotImplementedException();

    public Exception? Failure => throw new NotImplementedException();

    public SpaceAllocator Space => throw new NotImplementedException();

    public long TotalBlocks => throw new NotImplementedException();

    public long FreeBlocks => throw new NotImplementedException();

    public bool CommitsAreDurable => throw new NotImplementedException();

    public TreeReader Read() => throw new NotImplementedException();

    public Errno Begin(out Transaction transaction, TransactionSize size = TransactionSize.Usual) => throw new NotImplementedException();

    public void EnsureDurable() => throw new NotImplementedException();

    public Errno Checkpoint() => throw new NotImplementedException();

    public ulong NextInodeNumber() => throw new NotImplementedException();

    public void Abandon() => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}

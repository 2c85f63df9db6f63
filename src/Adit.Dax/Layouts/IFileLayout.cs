using Adit.Interop;
using Adit.Media;

namespace Adit.Dax.Layouts;

/// <summary>All that the core knows of a file system: which range of the medium holds a range of a file, and whether it may be
/// written. Implemented by a volume's files, by <see cref="RawMediumLayout"/> and by the fakes of the tests.</summary>
/// <remarks>
/// Order of locks: <see cref="Enter"/> takes the lock of rank Inode (and what comes before it); the core then takes the mapping's
/// lock and an entry, and calls the methods that say so while it holds all three. So those take later locks only, wait for no pin
/// and no lease, and call nothing of the user's. Outcomes are errno values; only a failed medium throws
/// (<see cref="MediumException"/>).
/// </remarks>
public interface IFileLayout
{
    /// <summary>What the file's bytes lie on. Never changes.</summary>
    Medium Medium { get; }

    /// <summary>The end of the file. Does not change while somebody is inside with <see cref="Enter"/>, except by them.</summary>
    long SizeBytes { get; }

    /// <summary>Nothing may be stored: write access answers EROFS.</summary>
    bool IsReadOnly { get; }

    /// <summary>Takes the lock that guards the layout. Not recursive; left by the thread that took it.
    /// <see cref="LayoutAccess.Change"/> waits while the file system is frozen.</summary>
    void Enter(LayoutAccess access);

    void Exit(LayoutAccess access);

    /// <summary>What holds a page, and how far that goes on. Called inside.</summary>
    /// <param name="page">The page asked for. May lie behind the end of the file: a hole.</param>
    /// <param name="pageCount">How many pages from there are of interest: a hint.</param>
    /// <param name="extent">A stretch that contains the page.</param>
    /// <returns>EIO, EUCLEAN: the metadata cannot be read.</returns>
    Errno Find(PageIndex page, long pageCount, out LayoutExtent extent);

    /// <summary>Makes a page, and as many of those that follow as it can at once, storable: gives blocks to holes, converts
    /// unwritten ones, copies shared ones. New blocks are zeroed or filled durably before the one transaction that publishes them;
    /// on an error the file is as it was. Called inside with <see cref="LayoutAccess.Change"/>.</summary>
    /// <param name="page">The page that must be storable afterwards.</param>
    /// <param name="pageCount">How many from there are wanted. 512 from an aligned page asks for a whole aligned chunk.</param>
    /// <param name="extent">A stretch that contains the page and may be stored to.</param>
    /// <returns>ENOSPC, EDQUOT, EROFS, EIO.</returns>
    Errno MakeWritable(PageIndex page, long pageCount, out LayoutExtent extent);

    /// <summary>Gives a hole blocks with a content: they hold it durably before the one transaction that publishes them. Called inside
    /// with <see cref="LayoutAccess.Change"/>.</summary>
    /// <param name="page">A page of a hole.</param>
    /// <param name="content">Whole pages, no more than the hole goes on for.</param>
    /// <returns>ENOSPC, EDQUOT, EROFS, EIO; ENOTSUP where there are no holes.</returns>
    Errno Fill(PageIndex page, ReadOnlySpan<byte> content);

    /// <summary>Returns when the metadata that leads to the bytes of a range, and to the file, would survive a crash: what
    /// <see cref="Find"/> answers for it after that is not <see cref="LayoutFlags.NotDurable"/> until it changes again. Called with no lock
    /// held.</summary>
    Errno MakeDurable(PageRange pages);

    /// <summary>The file is being stored to: its time stamps move. Called inside, with an entry's lock perhaps.</summary>
    void MarkModified();
}

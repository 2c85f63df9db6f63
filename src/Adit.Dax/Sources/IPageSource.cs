using Adit.Interop;

namespace Adit.Dax.Sources;

/// <summary>Fills pages of a file when they are first accessed.</summary>
public interface IPageSource
{
    /// <summary>Gives the bytes of a page that has none. Called with no lock held, on the thread that accesses the page, once at a
    /// time for each page; it must not access that page itself.</summary>
    /// <param name="offsetBytes">Where in the file the page begins.</param>
    /// <param name="page">4 KiB of zeros to fill.</param>
    /// <returns>Anything but Success is the outcome of the access; the page stays absent.</returns>
    Errno Fill(long offsetBytes, Span<byte> page);
}

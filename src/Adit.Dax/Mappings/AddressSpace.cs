using Adit.Dax.Layouts;

namespace Adit.Dax.Mappings;

/// <summary>The mapping of one file: which of its pages are mapped, to which pages of the medium, and in what state.</summary>
public sealed partial class AddressSpace(IFileLayout layout)
{
    /// <summary>What the core asks where the file's bytes are.</summary>
    public IFileLayout Layout { get; } = layout;
}

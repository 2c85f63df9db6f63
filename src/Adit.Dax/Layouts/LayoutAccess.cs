namespace Adit.Dax.Layouts;

/// <summary>What a caller is going to do with a layout.</summary>
public enum LayoutAccess : byte
{
    /// <summary>Ask. Others may ask at the same time.</summary>
    Look,

    /// <summary>Change it. Nobody else is inside.</summary>
    Change,
}

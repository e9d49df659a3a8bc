namespace ImageServicing;

/// <summary>The processor an image is for, with the numbers that Windows and DISM use.</summary>
public enum ImageArchitecture
{
    /// <summary>The image does not say, or it is not a Windows image.</summary>
    Unknown = -1,

    /// <summary>32-bit Intel.</summary>
    X86 = 0,

    /// <summary>32-bit ARM.</summary>
    Arm = 5,

    /// <summary>Itanium.</summary>
    Ia64 = 6,

    /// <summary>64-bit Intel and AMD.</summary>
    X64 = 9,

    /// <summary>64-bit ARM.</summary>
    Arm64 = 12,
}

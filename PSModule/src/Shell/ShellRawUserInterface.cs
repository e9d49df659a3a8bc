using System;
using System.IO;
using System.Management.Automation.Host;

namespace ImageServicing.Shell;

/// <summary>The size of the console for the formatter; imgsh draws no screens.</summary>
internal sealed class ShellRawUserInterface : PSHostRawUserInterface
{
    /// <summary>The width for output that goes to a file or a pipe, or to a terminal of unknown size.</summary>
    private const int UnboundWidth = 120;

    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

    public override Size BufferSize
    {
        get => WindowSize;
        set { }
    }

    public override Size WindowSize
    {
        get => Console.IsOutputRedirected ? new Size(UnboundWidth, 50) : Terminal();
        set { }
    }

    public override Size MaxWindowSize => WindowSize;

    public override Size MaxPhysicalWindowSize => WindowSize;

    public override Coordinates WindowPosition { get; set; }

    public override Coordinates CursorPosition { get; set; }

    public override int CursorSize { get; set; } = 1;

    public override string WindowTitle { get; set; } = "imgsh";

    public override bool KeyAvailable => !Console.IsInputRedirected && Console.KeyAvailable;

    public override KeyInfo ReadKey(ReadKeyOptions options)
    {
        ConsoleKeyInfo key = Console.ReadKey((options & ReadKeyOptions.NoEcho) != 0);
        return new KeyInfo((int)key.Key, key.KeyChar, default, keyDown: true);
    }

    public override void FlushInputBuffer()
    {
    }

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw NoScreen();

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) => throw NoScreen();

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw NoScreen();

    public override void SetBufferContents(Rectangle rectangle, BufferCell fill) => throw NoScreen();

    private static NotSupportedException NoScreen() => new("imgsh has no screen buffer");

    private static Size Terminal()
    {
        try
        {
            // Some terminals do not say how large they are.
            return new Size(Console.WindowWidth > 0 ? Console.WindowWidth : UnboundWidth, Console.WindowHeight > 0 ? Console.WindowHeight : 50);
        }
        catch (IOException)
        {
            return new Size(UnboundWidth, 50);
        }
    }
}
